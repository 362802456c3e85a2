//! The verdicts on a history in words: one line per part, and one line per kind of finding. It is made for a terminal of 80
//! columns; the results as JSON are in [`Judgement::results`].

use crate::{
    checker::stats::Function,
    finding::{Finding, NO_VERDICT, Weight},
    judgement::Judgement,
    text::significant,
    validity::Validity,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::fmt;

/// The operation that ends a client, which never succeeds by design.
pub const CRASH: &str = "crash";

/// The most lines of findings.
const LINES: usize = 12;

/// The most bytes shown of an explanation.
const EXPLANATION: usize = 120;

/// The most values that the finding of a kind names besides the first one.
const VALUES: usize = 8;

/// A judged part of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// Its name: `workload`, `operations`, `availability`, `liveness` or `strict`.
    pub name: &'static str,
    /// Its verdict.
    pub valid: Validity,
    /// The reason, in words.
    pub reason: String,
    /// Tells whether it counts for the verdict of the run.
    pub counts: bool,
}

impl Judgement {
    /// The parts of the verdict. Availability and liveness are parts only if the test asked for them.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name, valid, reason| Part { name, valid, reason, counts: true };
        let mut parts = vec![
            part("workload", self.verdict.valid, self.workload()),
            part("operations", self.stats.valid, self.operations()),
        ];
        if let Some(required) = self.availability.required {
            let succeeded = significant(self.availability.ok_fraction * 100.0);
            let reason = format!("{succeeded} % succeeded; required: {required}");
            parts.push(part("availability", self.availability.valid, reason));
        }
        if let Some(liveness) = &self.liveness {
            let silent: Vec<_> = liveness.silent.names().collect();
            let reason = match silent[..] {
                [] => "every node served again after the faults".to_owned(),
                _ => format!("served no request after the faults: {}", silent.join(", ")),
            };
            parts.push(part("liveness", liveness.valid, reason));
        }
        let strict = part("strict", self.strict_findings.valid, self.strictly());
        parts.push(Part { counts: self.strict, ..strict });
        parts
    }

    fn workload(&self) -> String {
        let no_verdict = self.verdict.findings.iter().find(|finding| finding.kind == NO_VERDICT);
        let kinds = self.verdict.fault_kinds().into_iter().filter(|kind| *kind != NO_VERDICT);
        let counts: Vec<_> = kinds.map(|kind| format!("{} x {kind}", self.verdict.count(kind))).collect();
        match (self.verdict.valid, no_verdict) {
            (Validity::Valid, _) => "all guarantees hold".to_owned(),
            (_, Some(finding)) if counts.is_empty() => finding.explanation.clone(),
            _ if counts.len() > VALUES => format!("{} and {} more", counts[..VALUES].join(", "), counts.len() - VALUES),
            _ => counts.join(", "),
        }
    }

    fn operations(&self) -> String {
        let has_failed = |(f, function): &(&str, &Function)| function.valid != Validity::Valid && *f != CRASH;
        let never: Vec<_> = self.stats.by_f.iter().filter(has_failed).map(|(f, _)| f).collect();
        match never[..] {
            _ if self.stats.all.count == 0 => "none ended".to_owned(),
            [] => "every kind of operation succeeded at least once".to_owned(),
            _ => format!("never succeeded: {}", never.join(", ")),
        }
    }

    fn strictly(&self) -> String {
        let counts = self.strict_findings.counts.iter().map(|(kind, count)| format!("{count} x {kind}"));
        let counts: Vec<_> = counts.collect();
        let role = if self.strict { "counts under --strict" } else { "counts only under --strict" };
        match counts[..] {
            [] => "no anomaly that Maelstrom does not check".to_owned(),
            _ => format!("{} ({role})", counts.join(", ")),
        }
    }

    /// The number of findings of a kind.
    fn count(&self, finding: &Finding) -> usize {
        let strict = self.strict_findings.counts.get(&finding.kind).copied().unwrap_or_default();
        if finding.weight == Weight::Strict { strict } else { self.verdict.count(&finding.kind) }
    }

    /// The findings, a line for each kind. Notes are left out, and so is the reason for which there is no verdict.
    fn lines(&self) -> Vec<String> {
        let findings = self.findings();
        let is_shown = |finding: &&Finding| finding.weight != Weight::Note && finding.kind != NO_VERDICT;
        let mut kinds: IndexMap<&str, Vec<&Finding>, FixedState> = IndexMap::default();
        for finding in findings.iter().filter(is_shown) {
            kinds.entry(&finding.kind).or_default().push(finding);
        }
        let more = kinds.len().saturating_sub(LINES);
        let line = |kind: &Vec<&Finding>| format!("{} x {}: {}", self.count(kind[0]), kind[0].kind, in_a_line(kind));
        let mut lines: Vec<_> = kinds.values().take(LINES).map(line).collect();
        lines.extend((more > 0).then(|| format!("and {more} more kinds of findings")));
        lines
    }
}

/// Findings of one kind: the first one, and the values of others.
fn in_a_line(kind: &[&Finding]) -> String {
    let first = kind[0];
    // Elle explains a cycle in several lines, of which the first ones only introduce names.
    let point = first.explanation.split_once("\n  - ").map_or(&*first.explanation, |(_, points)| points);
    let words = point.split_whitespace().collect::<Vec<_>>().join(" ");
    let explanation = match words.trim_end_matches('.') {
        whole if whole.len() <= EXPLANATION => whole.to_owned(),
        long => format!("{}\u{2026}", &long[..long.floor_char_boundary(EXPLANATION)]),
    };
    let mut others: Vec<&str> = Vec::new();
    for subject in kind[1..].iter().flat_map(|finding| &finding.subjects) {
        if others.len() < VALUES && !first.subjects.contains(subject) && !others.contains(&subject.as_str()) {
            others.push(subject);
        }
    }
    match others.is_empty() || others.iter().any(|other| other.len() > EXPLANATION / VALUES) {
        true => explanation,
        false => format!("{explanation}; also {}", others.join(", ")),
    }
}

/// The verdict with its parts, the reasons of failures, and the findings.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.stats.all;
        writeln!(f, "{} ({} of {} operations ok)\n", self.valid(), counts.ok_count, counts.count)?;
        let is_shown = |part: &Part| part.counts || part.valid != Validity::Valid;
        for (index, Part { name, valid, reason, .. }) in self.parts().iter().filter(|part| is_shown(part)).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}  {name:<13} {valid:<8} {reason}")?;
        }
        let lines = [self.failures.iter().map(ToString::to_string).collect(), self.lines()];
        for (title, lines) in ["not ok:", "findings:"].into_iter().zip(lines).filter(|(_, lines)| !lines.is_empty()) {
            write!(f, "\n\n  {title}")?;
            lines.iter().try_for_each(|line| write!(f, "\n    {line}"))?;
        }
        Ok(())
    }
}
