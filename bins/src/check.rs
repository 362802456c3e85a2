//! `glomers check`: judges a recorded history.

use crate::{
    flags::ExpectationFlags,
    junit::{Junit, JunitArgument},
    names::workload_names,
    shell,
};
use anyhow::{Context, bail};
use glomers_report::page::{Page, Provenance};
use glomers_workbench::{Report, Validity, history::History, workload};
use std::{io::Write, path::PathBuf};

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/check.txt"))]
pub(crate) struct Arguments {
    /// The workload of the history
    #[arg(short, long, value_parser = workload_names())]
    workload: String,
    #[command(flatten)]
    expectations: ExpectationFlags,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Also write the report as a web page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    junit: JunitArgument,
    /// A `history.edn` of Maelstrom or a `history.jsonl` of glomers, gzipped or not; or the folder of a run
    history: PathBuf,
}

/// Reads the history, judges it and prints the results.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let mut junit = arguments.junit.begin("check");
    let result = judge(arguments, &mut junit);
    junit.finish(result)
}

fn judge(arguments: &Arguments, junit: &mut Junit) -> anyhow::Result<Validity> {
    if arguments.history.as_os_str() == "-" {
        bail!("`-` is not a file, and standard input is not read: name a file or the folder of a run");
    }
    let workload = workload::named(&arguments.workload)?;
    let history = History::read(&arguments.history)?;
    let name = workload.name();
    if let Some(op) = history.find_foreign(workload.operations()) {
        let (index, f, known) = (op.index, &op.f, workload.operations().join(", "));
        bail!("entry {index} is `{f}`, but the operations of {name} are {known}: is it another workload's history?");
    }
    if history.ops().is_empty() {
        bail!("{}: it contains no operation", arguments.history.display());
    }
    let report = Report::of(&*workload, history, &arguments.expectations.options);
    junit.add_run(name, &report, &[], &shell::typed_command());
    if let Some(path) = &arguments.report {
        let page = Page::of(&report, &Provenance::default().command(shell::typed_command()));
        std::fs::write(path, page.html).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report.judgement.results())?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(report.valid())
}
