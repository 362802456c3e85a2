//! `glomers check`: judges a recorded history.

use crate::{
    flags::ExpectationFlags,
    junit::{Junit, JunitArgument},
    names::workload_names,
    out, run_path, shell,
    usage::usage,
};
use anyhow::{Context, bail};
use glomers_report::{
    page::{Page, Provenance},
    store::manifest::{kept_options, workload_of},
};
use glomers_workbench::{Report, Validity, history::History};
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/check.txt"))]
pub(crate) struct Arguments {
    /// The workload of the history [default: that of the run's folder]
    #[arg(short, long, value_parser = workload_names())]
    workload: Option<String>,
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
    /// The folder of a run or of a store, or a `history.edn` of Maelstrom or a `history.jsonl` of glomers, gzipped or not
    #[arg(default_value = "store/latest")]
    history: PathBuf,
}

/// Reads the history, judges it and prints the results.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let mut junit = arguments.junit.begin("check");
    let result = judge(arguments, &mut junit);
    junit.finish(result)
}

fn judge(arguments: &Arguments, junit: &mut Junit) -> anyhow::Result<Validity> {
    let path = run_path::find(&arguments.history)?;
    let kept = kept_options(&path)?;
    let workload = workload_of(&path, arguments.workload.as_deref())?;
    let history = History::read(&path)?;
    let name = workload.name();
    if let Some(op) = history.find_foreign(workload.operations()) {
        let (index, f, known) = (op.index, &op.f, workload.operations().join(", "));
        return Err(usage(format!(
            "entry {index} is `{f}`, but the operations of {name} are {known}: is it another workload's history?"
        )));
    }
    if history.ops().is_empty() {
        bail!("{}: it contains no operation", arguments.history.display());
    }
    let report = Report::of(&*workload, history, &arguments.expectations.apply(kept)?);
    junit.add_run(name, &report, &[], &shell::typed_command());
    if let Some(path) = &arguments.report {
        let page = Page::of(&report, &Provenance::default().command(shell::typed_command()));
        std::fs::write(path, page.html).with_context(|| format!("cannot write {}", path.display()))?;
    }
    match arguments.json {
        true => out::line(format!("{:#}", report.judgement.results()))?,
        false => out::line(&report)?,
    }
    Ok(report.valid())
}
