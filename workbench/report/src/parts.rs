//! The judged parts of a run, each with its verdict and the reason in words. The page, the terminal and JUnit files
//! show the same ones.

use glomers_checkers::{finding::NO_VERDICT, text::significant, validity::Validity};
use glomers_workbench::Report;

/// A judged part of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// Its name: `workload`, `operations`, `availability`, `strict` or `liveness`.
    pub name: &'static str,
    /// Its verdict.
    pub valid: Validity,
    /// The reason, in words.
    pub reason: String,
    /// Tells whether it counts for the verdict of the run.
    pub counts: bool,
}

/// The parts of a run. Availability and liveness are parts only if the test asked for them.
pub fn parts(report: &Report) -> Vec<Part> {
    let judgement = &report.judgement;
    let part = |name, valid, reason| Part { name, valid, reason, counts: true };
    let mut parts = vec![
        part("workload", judgement.verdict.valid, workload(report)),
        part("operations", judgement.stats.valid, operations(report)),
    ];
    if let Some(reason) = availability(report) {
        parts.push(part("availability", judgement.availability.valid, reason));
    }
    if let Some(liveness) = &judgement.liveness {
        let silent: Vec<_> = liveness.silent.keys().map(String::as_str).collect();
        let reason = match silent[..] {
            [] => "every node served again after the faults".to_owned(),
            _ => format!("served no request after the faults: {}", silent.join(", ")),
        };
        parts.push(part("liveness", liveness.valid, reason));
    }
    let strict = part("strict", judgement.strict_findings.valid, strict(report));
    parts.push(Part { counts: judgement.strict, ..strict });
    parts
}

/// The reason for the verdict of the workload's checker, in short.
fn workload(report: &Report) -> String {
    let verdict = &report.judgement.verdict;
    if verdict.valid == Validity::Valid {
        return "all guarantees hold".to_owned();
    }
    let kinds: Vec<_> = verdict.fault_kinds().into_iter().filter(|kind| *kind != NO_VERDICT).collect();
    let reason = verdict.findings.iter().find(|finding| finding.kind == NO_VERDICT);
    match reason.filter(|_| kinds.is_empty()) {
        Some(reason) => reason.explanation.clone(),
        None => kinds.join(", "),
    }
}

fn operations(report: &Report) -> String {
    let stats = &report.judgement.stats;
    if stats.valid == Validity::Valid {
        return "every kind of operation succeeded at least once".to_owned();
    }
    let never = stats.by_f.iter().filter(|(f, function)| function.valid != Validity::Valid && *f != CRASH);
    let never: Vec<_> = never.map(|(f, _)| &**f).collect();
    format!("never succeeded: {}", never.join(", "))
}

/// The operation that ends a client, which never succeeds by design.
pub(crate) const CRASH: &str = "crash";

/// The availability and the required one; `None` if the test requires none.
fn availability(report: &Report) -> Option<String> {
    let goal = report.config.as_ref().and_then(|config| config.options.availability);
    let availability = &report.judgement.availability;
    if goal.is_none() && availability.valid == Validity::Valid {
        return None;
    }
    let succeeded = format!("{} % succeeded", significant(availability.ok_fraction * 100.0));
    Some(goal.map_or_else(|| succeeded.clone(), |goal| format!("{succeeded}; required: {goal}")))
}

fn strict(report: &Report) -> String {
    let judgement = &report.judgement;
    let role = if judgement.strict { "counts under --strict" } else { "counts only under --strict" };
    let found: Vec<_> =
        judgement.strict_findings.counts.iter().map(|(kind, count)| format!("{count} \u{d7} {kind}")).collect();
    match found[..] {
        [] => "no anomaly that Maelstrom does not check".to_owned(),
        _ => format!("{} ({role})", found.join(", ")),
    }
}
