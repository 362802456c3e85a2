//! The final reads of a counter: the sum of all acknowledged additions, plus any of those whose outcome is unknown
//! (Maelstrom: `workload/pn_counter.clj`).

use crate::{
    checker::{evidence, strict::counters},
    expectations::Expectations,
    finding::{Finding, SHOWN},
    history::{History, Kind, Op},
    validity::Validity,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use serde::Serialize;

/// The verdict on the final reads.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Counter {
    /// The final reads outside the acceptable ranges.
    pub errors: Vec<Json>,
    /// All final reads.
    pub final_reads: Vec<Json>,
    /// The acceptable values of a final read: ranges from the first to the second number, both included.
    pub acceptable: Vec<(i128, i128)>,
}

/// Judges the reads that are marked as final.
pub fn check(history: &History) -> Counter {
    let delta = |op: &Op| op.value.decode::<i64>().ok().map(i128::from);
    let adds = || history.ops().iter().filter(|op| op.f == "add");
    let certain: i128 = adds().filter(|op| op.kind == Kind::Ok).filter_map(delta).sum();
    let mut acceptable = vec![(certain, certain)];
    for delta in adds().filter(|op| op.kind == Kind::Info).filter_map(delta) {
        acceptable = with_shifted(&acceptable, delta);
    }
    let is_final = |op: &&Op| op.kind == Kind::Ok && op.f == "read" && op.is_final();
    let final_reads: Vec<Json> = history.ops().iter().filter(is_final).map(|op| op.value.clone()).collect();
    let accepts = |value: &Json| {
        value.decode::<i128>().is_ok_and(|value| acceptable.iter().any(|(from, to)| (*from..=*to).contains(&value)))
    };
    let errors = final_reads.iter().filter(|value| !accepts(value)).cloned().collect();
    Counter { errors, final_reads, acceptable }
}

/// Sorted ranges together with the same ranges moved. Those that overlap or follow one another are joined.
fn with_shifted(ranges: &[(i128, i128)], delta: i128) -> Vec<(i128, i128)> {
    let mut joined: Vec<(i128, i128)> = Vec::with_capacity(2 * ranges.len());
    let (mut unmoved, mut moved) = (0, 0);
    while unmoved < ranges.len() || moved < ranges.len() {
        let next = ranges.get(moved).map(|(from, to)| (from + delta, to + delta));
        let (from, to) = match (ranges.get(unmoved), next) {
            (Some(range), next) if next.is_none_or(|next| *range < next) => {
                unmoved += 1;
                *range
            }
            (_, next) => {
                moved += 1;
                next.unwrap_or_default()
            }
        };
        match joined.last_mut() {
            Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Several reads that are wrong in the same way are the entries of one finding.
fn findings(counter: &Counter, history: &History) -> Vec<Finding> {
    let acceptable = Json::new(&counter.acceptable);
    let mut findings = Vec::new();
    for value in counter.errors.iter().take(SHOWN) {
        let is_final_read = |op: &Op| op.is_final() && op.kind == Kind::Ok;
        let entries = evidence::with_value(history, value.as_str(), is_final_read);
        let finding =
            Finding::fault("wrong sum", entries, format!("a last read is {value}; acceptable: {acceptable}."));
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}

/// The reason why Maelstrom's checker throws an exception: an addition or a final read that is no integer of 64 bits.
fn error(history: &History) -> Option<String> {
    let is_integer = |op: &Op| op.value.decode::<i64>().is_ok();
    history.ops().iter().find_map(|op| match (op.kind, &*op.f) {
        (Kind::Ok | Kind::Info, "add") if !is_integer(op) => {
            Some(format!("entry {} adds {}, which is no integer of 64 bits", op.index, op.value))
        }
        (Kind::Ok, f) if f != "add" && op.is_final() && !is_integer(op) => {
            Some(format!("entry {} is a last read of {}, which is no integer of 64 bits", op.index, op.value))
        }
        _ => None,
    })
}

/// The checker of `g-counter` and `pn-counter`.
#[derive(Debug)]
pub struct CounterChecker {
    /// True if nothing is ever subtracted.
    pub grows_only: bool,
}

impl Checker for CounterChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        let counter = check(history);
        let error = error(history);
        let valid = Validity::from_valid(counter.errors.is_empty());
        Verdict::new(valid, findings(&counter, history), counter).unless_thrown(error)
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<Finding> {
        counters::strict_findings(history, self.grows_only)
    }
}
