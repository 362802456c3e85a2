//! Anomalies in reads of a set that only grows, in addition to lost and stale elements:
//!
//! - `garbage`: an element that no client had begun to add;
//! - `aborted-read`: an element whose add had failed for certain;
//! - `duplicate`: an element that a read holds more than once;
//! - `flicker`: an element that a client had read before, at the same node, and then misses;
//! - `unread-own-write`: one whose add was acknowledged to this very client;
//! - `disagreement`: clients that read different sets long after the last add and the healing of the network.

use crate::{checker::strict::agreement::Agreement, finding::Finding, order::sort_by};
use crate::{
    checker::{numbers::Numbers, rounding},
    history::{Clients, History, Kind, Op, Process},
};

/// An element by its number.
type Element = usize;

/// Follows the reads of every client; `add` is the name of the operation that adds.
pub fn strict_findings(history: &History, add: &str) -> Vec<Finding> {
    let mut reads = Reads::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        match (op.kind, op.f == add) {
            (Kind::Invoke, true) => {
                reads.attempt(op).get_or_insert(Attempt { failed: None });
            }
            (Kind::Fail, true) => {
                *reads.attempt(op) = Some(Attempt { failed: Some(op.index) });
            }
            (Kind::Ok, true) => reads.acknowledge(op),
            (Kind::Invoke, false) => {
                reads.clients.of(op.process).begun = Some(op);
            }
            (Kind::Ok, false) => reads.read(op),
            _ => {}
        }
    }
    let last_add = history.ops().iter().rev().find(|op| op.f == add).map(|op| op.time).unwrap_or_default();
    let agreement = Agreement::eventual(history);
    reads.compare(history, |begun| agreement.covers(last_add, begun.time));
    reads.strict_findings
}

#[derive(Clone, Copy)]
struct Attempt {
    /// The entry that says that it failed.
    failed: Option<usize>,
}

#[derive(Default)]
struct Reads<'a> {
    numbers: Numbers<'a>,
    /// The attempt to add each element.
    attempts: Vec<Option<Attempt>>,
    clients: Clients<Client<'a>>,
    strict_findings: Vec<Finding>,
}

/// The reads of a client.
#[derive(Default)]
struct Client<'a> {
    /// The entry by which it first saw each element, as far as known.
    known: Vec<Option<usize>>,
    /// The invocation of its last read.
    begun: Option<&'a Op>,
    /// Its last read.
    last: Option<(usize, Vec<bool>)>,
}

impl<'a> Reads<'a> {
    fn attempt(&mut self, add: &'a Op) -> &mut Option<Attempt> {
        let element = self.numbers.number(add.value.as_str());
        self.attempts.resize(self.numbers.len(), None);
        &mut self.attempts[element]
    }

    fn acknowledge(&mut self, add: &'a Op) {
        let element = self.numbers.number(add.value.as_str());
        let known = &mut self.clients.of(add.process).known;
        known.resize(self.numbers.len(), None);
        known[element].get_or_insert(add.index);
    }

    fn read(&mut self, read: &'a Op) {
        let elements = self.numbers.elements(read);
        let mut present = vec![false; self.numbers.len()];
        for element in elements {
            let Some(Attempt { failed }) = self.attempts.get(element).copied().flatten() else {
                let value = self.numbers.value(element);
                let attempted = (0..self.attempts.len()).filter(|other| self.attempts[*other].is_some());
                let hint = rounding::hint(value, attempted.map(|other| self.numbers.value(other)));
                let what = format!("read {value}, which nobody had begun to add{hint}");
                self.find("garbage", &[read.index], what);
                continue;
            };
            if let Some(failed) = failed {
                let value = self.numbers.value(element);
                let what = format!("read {value}, of which entry {failed} says that it was not added");
                self.find("aborted-read", &[failed, read.index], what);
            }
            if std::mem::replace(&mut present[element], true) {
                let what = format!("read {} more than once", self.numbers.value(element));
                self.find("duplicate", &[read.index], what);
            }
        }
        self.find_missing(read, &present);
        self.clients.of(read.process).last = Some((read.index, present));
    }

    /// Looks for what the client knew and does not read any more. What it misses it knows no longer: it is told once.
    fn find_missing(&mut self, read: &Op, present: &[bool]) {
        let Client { known, begun, last } = self.clients.of(read.process);
        known.resize(present.len(), None);
        let mut missing = Vec::new();
        for (element, (known, present)) in known.iter_mut().zip(present).enumerate() {
            if *present {
                known.get_or_insert(read.index);
            } else if let Some(since) = known.take() {
                missing.push((element, since));
            }
        }
        let begun = begun.map_or(read.index, |begun| begun.index);
        missing.retain(|(_, since)| *since < begun);
        let was_read = |element: usize| last.as_ref().is_some_and(|(_, last)| last.get(element) == Some(&true));
        let missing: Vec<_> = missing.into_iter().map(|(element, since)| (element, since, was_read(element))).collect();
        for (element, since, was_read) in missing {
            let (kind, source) = if was_read { ("flicker", "read") } else { ("unread-own-write", "added") };
            let value = self.numbers.value(element);
            let what = format!("did not read {value}, which the same client had {source} by entry {since}");
            self.find(kind, &[since, read.index], what);
        }
    }

    /// Looks for clients whose last reads differ, among those that began late.
    fn compare(&mut self, history: &History, is_late: impl Fn(&Op) -> bool) {
        let has = |read: &[bool], element: usize| read.get(element) == Some(&true);
        let mut late: Vec<&Op> = Vec::new();
        for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
            let Some(Client { begun: Some(begun), last: Some((index, _)), .. }) = self.clients.get(op.process) else {
                continue;
            };
            if op.index == *index && is_late(begun) {
                late.push(op);
            }
        }
        sort_by(&mut late, |left, right| left.process.cmp(&right.process));
        let reads: Vec<_> = late.iter().filter_map(|op| self.clients.get(op.process)?.last.as_ref()).collect();
        let Some((one, first)) = reads.first() else { return };
        for (other, second) in &reads {
            let differs = |element: &Element| has(first, *element) != has(second, *element);
            let Some(element) = (0..self.numbers.len()).find(differs) else { continue };
            let (one, other) = if has(first, element) { (*one, *other) } else { (*other, *one) };
            let value = self.numbers.value(element);
            let what = format!("read {value} at the very end, and another client did not (entry {other})");
            return self.find("disagreement", &[other, one], what);
        }
    }

    fn find(&mut self, kind: &'static str, ops: &[usize], what: String) {
        let index = ops.last().copied().unwrap_or_default();
        self.strict_findings.push(Finding::strict(kind, ops, format!("entry {index} {what}")));
    }
}
