//! `glomers explain`: the operations and messages around a finding, in the terminal.

use crate::{node_logs, out, run_path, usage::usage};
use glomers_report::{explain::Explanation, store::manifest::read_run};
use glomers_workbench::{
    Report, Validity,
    finding::{Finding, Weight},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The number of bytes of an explanation that the list shows.
const EXPLANATION: usize = 90;

/// The number of findings of a kind that are listed, or explained, in a row.
const LISTED: usize = 3;

/// The last run.
const LAST: &str = "store/latest";

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/explain.txt"))]
pub(crate) struct Arguments {
    /// The folder of a run or of a store
    #[arg(default_value = LAST)]
    run: PathBuf,
    /// The number of a finding in the list, or the beginning of its kind such as `lost` or `G1c` [default: 1]
    anomaly: Option<String>,
    /// The workload, if the run's folder does not name it
    #[arg(short, long, value_parser = crate::names::workload_names())]
    workload: Option<String>,
}

/// Lists the findings, and explains those that are asked for.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let (run, anomaly) = meant(arguments);
    let run = run_path::find(run)?;
    let report = read_run(&run, arguments.workload.as_deref())?;
    let findings = report.judgement.findings();
    if anomaly.is_none() {
        out::line(list(&report, &findings).trim_end())?;
        if let Some(failure) = &report.failure {
            out::line(format!("\n{failure}"))?;
        }
        if !report.violations.is_empty() {
            out::line(format!("\nViolations of the protocol, the first of each kind:\n\n{}", report.violations))?;
        }
        let logs = node_logs::ends(&run);
        if !logs.is_empty() {
            out::line(logs)?;
        }
    }
    let selected = select(&findings, anomaly)?;
    for (_, finding) in selected.iter().take(LISTED) {
        out::line(format!("\n{}", Explanation::of(&report, finding)))?;
    }
    if let Some((number, _)) = selected.get(LISTED) {
        let count = selected.len() - LISTED;
        out::line(format!(
            "\n\u{2026} and {count} more of this kind; `glomers explain {} {number}` is the next",
            run.display()
        ))?;
    }
    Ok(Validity::Valid)
}

/// The run and the finding that are asked for. `glomers explain 3` and `glomers explain lost` are about the last run.
fn meant(arguments: &Arguments) -> (&Path, Option<&str>) {
    let word = arguments.run.to_str().filter(|word| arguments.anomaly.is_none() && !word.contains(['/', '.']));
    match word.filter(|_| !arguments.run.exists()) {
        Some(word) => (Path::new(LAST), Some(word)),
        None => (&arguments.run, arguments.anomaly.as_deref()),
    }
}

/// The numbered findings, one per line; of many in a row of one kind, the first few.
fn list(report: &Report, findings: &[Finding]) -> String {
    let count = match findings.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let mut list = format!("{}: {}; {count}\n", report.workload, report.valid());
    let mut number = 1;
    for kind in findings.chunk_by(|left, right| left.kind == right.kind) {
        for (finding, number) in kind.iter().zip(number..).take(LISTED) {
            let role = match finding.weight {
                Weight::Fault => "",
                Weight::Strict => " (Maelstrom does not check it)",
                Weight::Note => " (a note)",
            };
            list.push_str(&format!("{number:>4}  {}{role}: {}\n", finding.kind, summary(&finding.explanation)));
        }
        number += kind.len();
        if kind.len() > LISTED {
            list.push_str(&format!(
                "   \u{2026}  {} to {}: more of this kind\n",
                number - kind.len() + LISTED,
                number - 1
            ));
        }
    }
    list
}

/// An explanation in one line. The text before its first point only introduces names.
fn summary(explanation: &str) -> String {
    let point = explanation.split_once("\n  - ").map_or(explanation, |(_, points)| points);
    let words: Vec<_> = point.split_whitespace().collect();
    let line = words.join(" ");
    match line.split_at(line.floor_char_boundary(EXPLANATION)) {
        (whole, "") => whole.to_owned(),
        (beginning, _) => format!("{beginning}\u{2026}"),
    }
}

/// The findings that are asked for, with their numbers; the first one if none is.
fn select<'a>(findings: &'a [Finding], anomaly: Option<&str>) -> anyhow::Result<Vec<(usize, &'a Finding)>> {
    let Some(wanted) = anomaly else { return Ok(findings.iter().take(1).map(|finding| (1, finding)).collect()) };
    let number = wanted.parse::<usize>().ok();
    let begins = |finding: &Finding| finding.kind.to_lowercase().starts_with(&wanted.to_lowercase());
    let is_wanted = |(index, finding): &(usize, &Finding)| match number {
        Some(number) => index + 1 == number,
        None => begins(finding),
    };
    let found: Vec<_> =
        findings.iter().enumerate().filter(is_wanted).map(|(index, finding)| (index + 1, finding)).collect();
    if found.is_empty() {
        let kinds: BTreeSet<_> = findings.iter().map(|finding| &*finding.kind).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        return Err(usage(match findings.len() {
            0 => format!("there is no finding `{wanted}`, nor any other: nothing is wrong with the run"),
            count => format!("there is no finding `{wanted}`; the run has {count} findings, of the kinds {kinds}"),
        }));
    }
    Ok(found)
}
