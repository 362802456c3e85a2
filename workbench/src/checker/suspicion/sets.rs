//! What reads of a set that only grows show, beyond the life of its elements:
//!
//! - `garbage`: an element that nobody had begun to add;
//! - `aborted-read`: an element whose add had failed for certain;
//! - `duplicate`: an element that a read holds more than once;
//! - `flicker`: an element that a client had read before, at the same node, and then misses;
//! - `unread-own-write`: one whose add was acknowledged to this very client;
//! - `disagreement`: clients that read different sets long after the last add and the healing of the network.

use super::{Agreement, Suspicion};
use crate::history::{History, Kind, Op, Process};
use glomers_protocol::Any;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// An element by its place among those that were to be added.
type Element = usize;

/// Follows the reads of every client; `add` is the name of the operation that adds.
pub fn suspect(history: &History, add: &str) -> Vec<Suspicion> {
    let mut reads = Reads::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        match (op.kind, op.f == add) {
            (Kind::Invoke, true) => {
                reads.attempts.entry(&op.value).or_insert(None);
            }
            (Kind::Fail, true) => {
                reads.attempts.insert(&op.value, Some(op.index));
            }
            (Kind::Ok, true) => reads.acknowledge(op),
            (Kind::Invoke, false) => {
                reads.begun.insert(op.process, op);
            }
            (Kind::Ok, false) => reads.read(op),
            _ => {}
        }
    }
    let last_add = history.ops().iter().rev().find(|op| op.f == add).map(|op| op.time).unwrap_or_default();
    let agreement = Agreement::eventual(history);
    let is_late = |begun: &&Op| agreement.covers(last_add, begun.time);
    reads.last.retain(|process, _| reads.begun.get(process).is_some_and(is_late));
    reads.compare();
    reads.suspicions
}

#[derive(Default)]
struct Reads<'a> {
    /// What was to be added, and the entry that says that it was not.
    attempts: IndexMap<&'a Any, Option<usize>>,
    /// What each client is known to have seen, and by which entry it first did.
    known: BTreeMap<Process, BTreeMap<Element, usize>>,
    /// The invocation of each client's last read.
    begun: BTreeMap<Process, &'a Op>,
    /// What each client read last.
    last: BTreeMap<Process, (usize, BTreeSet<Element>)>,
    suspicions: Vec<Suspicion>,
}

impl Reads<'_> {
    fn acknowledge(&mut self, add: &Op) {
        if let Some(element) = self.attempts.get_index_of(&add.value) {
            self.known.entry(add.process).or_default().entry(element).or_insert(add.index);
        }
    }

    fn read(&mut self, read: &Op) {
        let values: Vec<Any> = read.value.to().unwrap_or_default();
        let mut present = BTreeSet::new();
        for value in &values {
            match self.attempts.get_full(value) {
                None => self.suspect("garbage", [read.index], format!("read {value}, which nobody had begun to add")),
                Some((element, _, failed)) => {
                    if let Some(failed) = *failed {
                        let what = format!("read {value}, of which entry {failed} says that it was not added");
                        self.suspect("aborted-read", [failed, read.index], what);
                    }
                    if !present.insert(element) {
                        self.suspect("duplicate", [read.index], format!("read {value} more than once"));
                    }
                }
            }
        }
        self.find_missing(read, &present);
        self.last.insert(read.process, (read.index, present));
    }

    /// Looks for what the client knew and does not read any more. What it misses it knows no longer: it is told once.
    fn find_missing(&mut self, read: &Op, present: &BTreeSet<Element>) {
        let known = self.known.entry(read.process).or_default();
        let missing: Vec<_> = known.extract_if(.., |element, _| !present.contains(element)).collect();
        present.iter().for_each(|element| {
            known.entry(*element).or_insert(read.index);
        });
        let begun = self.begun.get(&read.process).map_or(read.index, |begun| begun.index);
        for (element, since) in missing.into_iter().filter(|(_, since)| *since < begun) {
            let value = self.attempts.get_index(element).map_or_else(Any::null, |(value, _)| (*value).clone());
            let was_read = self.last.get(&read.process).is_some_and(|(_, last)| last.contains(&element));
            let (kind, source) = if was_read { ("flicker", "read") } else { ("unread-own-write", "added") };
            let what = format!("did not read {value}, which the same client had {source} by entry {since}");
            self.suspect(kind, [since, read.index], what);
        }
    }

    fn compare(&mut self) {
        let Some((one, first)) = self.last.values().next() else { return };
        let Some((other, second)) = self.last.values().find(|(_, other)| other != first) else { return };
        let element = first.symmetric_difference(second).next().and_then(|element| self.attempts.get_index(*element));
        let value = element.map_or_else(Any::null, |(value, _)| (*value).clone());
        let (one, other) = if first.len() > second.len() { (*one, *other) } else { (*other, *one) };
        let what = format!("read {value} at the very end, and another client did not (entry {other})");
        self.suspect("disagreement", [one, other], what);
    }

    fn suspect(&mut self, kind: &'static str, ops: impl Into<Vec<usize>>, what: String) {
        let ops = ops.into();
        let index = ops.last().copied().unwrap_or_default();
        self.suspicions.push(Suspicion::new(kind, ops, format!("entry {index} {what}")));
    }
}
