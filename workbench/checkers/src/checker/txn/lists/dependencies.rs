//! Dependencies between transactions over lists: `ww` between appends in a row, `wr` from an append to the reads that
//! end with it, `rw` from reads to the append that comes next.

use super::{
    versions::Versions,
    writers::{POSSIBLE, Writers, writers},
};
use crate::{
    checker::txn::{
        anomalies::Explain,
        graph::{Builder, Rels},
        transactions::{Id, Seen, Step, Transactions},
    },
    history::Kind,
};
use std::collections::BTreeMap;

/// The dependencies, and what they are made of.
pub(super) struct Dependencies<'a> {
    transactions: &'a Transactions,
    versions: Versions<'a>,
    writers: Writers,
    /// The transactions that read a key up to an element, or its initial state.
    readers: BTreeMap<(Id, Option<Id>), Vec<usize>>,
}

impl<'a> Dependencies<'a> {
    pub(super) fn new(transactions: &'a Transactions, versions: Versions<'a>) -> Self {
        let mut readers: BTreeMap<(Id, Option<Id>), Vec<usize>> = BTreeMap::new();
        for place in transactions.of_kinds(POSSIBLE) {
            let entry = &transactions.entries[place];
            for step in &entry.steps {
                match step {
                    // A transaction that may have happened read something else than the `null` it began with.
                    Step::Read { values: None, .. } if entry.kind == Kind::Info => {}
                    Step::Read { key, values } => {
                        readers.entry((*key, values.elements().last().copied())).or_default().push(place);
                    }
                    Step::Write { .. } => {}
                }
            }
        }
        Self { transactions, versions, writers: writers(transactions, POSSIBLE), readers }
    }

    pub(super) fn graph(&self) -> Builder {
        let mut graph = Builder::default();
        for place in self.transactions.of_kinds(POSSIBLE) {
            for step in &self.transactions.entries[place].steps {
                for (before, rel) in self.before(step) {
                    if before != place {
                        graph.link(before, place, rel);
                    }
                }
            }
        }
        graph
    }

    /// The transactions on which a step depends.
    fn before(&self, step: &Step) -> Vec<(usize, Rels)> {
        match step {
            Step::Read { key, values } => {
                let last = values.elements().last();
                let writer = last.and_then(|last| self.writers.get(&(*key, *last)));
                writer.map(|writer| (*writer, Rels::WR)).into_iter().collect()
            }
            Step::Write { key, value } => {
                let before = self.versions.before(*key, *value);
                let writer = before.and_then(|before| self.writers.get(&(*key, before)));
                let readers = self.readers.get(&(*key, before)).into_iter().flatten();
                let writer = writer.map(|writer| (*writer, Rels::WW));
                writer.into_iter().chain(readers.map(|reader| (*reader, Rels::RW))).collect()
            }
        }
    }
}

impl Explain for Dependencies<'_> {
    fn explain(&self, from: usize, to: usize, rel: Rels) -> Option<String> {
        let steps = &self.transactions.entries[to].steps;
        let step = steps.iter().find(|step| self.before(step).contains(&(from, rel)))?;
        let [first, second] = [from, to].map(|place| self.transactions.label(place));
        let name = |id: Id| self.transactions.name(id);
        let key = name(step.key());
        Some(match step {
            Step::Read { values, .. } => {
                let last = name(values.elements().last().copied()?);
                format!("{second} observed {first}'s append of {last} to key {key}")
            }
            Step::Write { key: id, value } => match (rel, self.versions.before(*id, *value)) {
                (Rels::WW, Some(before)) => {
                    format!("{second} appended {} after {first} appended {} to {key}", name(*value), name(before))
                }
                (_, None) => format!(
                    "{first} observed the initial (empty) state of {key}, which {second} created by appending {}",
                    name(*value)
                ),
                _ => format!("{first} did not observe {second}'s append of {} to {key}", name(*value)),
            },
        })
    }
}
