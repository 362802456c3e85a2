//! `glomers check`: judges a history that was recorded before.

use crate::arguments::{Expectations, workload_names};
use anyhow::{Context, bail};
use glomers_report::page::Page;
use glomers_workbench::{Report, Validity, history::History, workload};
use std::{io::Write, path::PathBuf};

/// Which history, and what it is held to.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  glomers check -w kafka store/latest                              the last run\n  glomers check -w lin-kv maelstrom/store/latest/history.edn       a run of Maelstrom\n  glomers check -w broadcast history.edn.gz --strict --json        with all that can be found"
)]
pub(crate) struct Arguments {
    /// What clients did and expected.
    #[arg(short, long, value_parser = workload_names())]
    workload: String,
    #[command(flatten)]
    expectations: Expectations,
    /// Make a page to look at, too.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A `history.edn` of Maelstrom's or a `history.jsonl` of ours, packed by gzip or not; or the folder of a run.
    history: PathBuf,
}

/// Reads the history, judges it and prints what was found.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let workload = workload(&arguments.workload)?;
    let history = History::read(&arguments.history)?;
    let name = workload.name();
    if let Some(op) = history.find_foreign(workload.operations()) {
        let (index, f, known) = (op.index, &op.f, workload.operations().join(", "));
        bail!("entry {index} is `{f}`, which is no operation of {name} ({known}): is it another workload's history?");
    }
    if history.ops().is_empty() {
        bail!("{}: there is no operation in it", arguments.history.display());
    }
    let report = Report::of(&*workload, history, &arguments.expectations.options());
    if let Some(path) = &arguments.report {
        let page = Page::of(&report, Some(&crate::arguments::command()));
        std::fs::write(path, page.html).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.expectations.json {
        serde_json::to_writer_pretty(&mut out, &report.judgement.results())?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(report.valid())
}
