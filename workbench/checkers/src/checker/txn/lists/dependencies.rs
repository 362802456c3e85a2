//! Dependencies between transactions over lists: `ww` between appends in a row, `wr` from an append to the reads that
//! end with it, `rw` from reads to the append that comes next.

use super::{
    versions::Versions,
    writers::{POSSIBLE, Writers, writers},
};
use crate::{
    checker::txn::{
        anomalies::Explain,
        by_id::PlacesOf,
        graph::{Builder, Rels},
        transactions::{Id, Seen, Step, Transactions},
    },
    history::Kind,
};

/// The dependencies, and what they are made of.
pub(super) struct Dependencies<'a> {
    transactions: &'a Transactions,
    versions: Versions<'a>,
    writers: Writers,
    /// The transactions that read a key up to an element, or its initial state.
    readers: PlacesOf,
}

/// In the place of an element: the initial state.
const INITIAL: Id = Id::MAX;

impl<'a> Dependencies<'a> {
    pub(super) fn new(transactions: &'a Transactions, versions: Versions<'a>) -> Self {
        let mut readers = PlacesOf::default();
        for place in transactions.of_kinds(POSSIBLE) {
            let entry = &transactions.entries[place];
            for step in &entry.steps {
                match step {
                    // A transaction that may have happened read something else than the `null` it began with.
                    Step::Read { values: None, .. } if entry.kind == Kind::Info => {}
                    Step::Read { key, values } => {
                        readers.add(*key, values.elements().last().copied().unwrap_or(INITIAL), place);
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
                self.before(step, &mut |before, rel| {
                    if before != place {
                        graph.link(before, place, rel);
                    }
                });
            }
        }
        graph
    }

    /// The transactions on which a step depends.
    fn before(&self, step: &Step, see: &mut dyn FnMut(usize, Rels)) {
        let (key, before, rel) = match step {
            Step::Read { key, values } => (*key, values.elements().last().copied(), Rels::WR),
            Step::Write { key, value } => (*key, self.versions.before(*key, *value), Rels::WW),
        };
        if let Some(writer) = before.and_then(|before| self.writers.get(key, before)) {
            see(writer, rel);
        }
        if rel == Rels::WW {
            let readers = self.readers.get(key, before.unwrap_or(INITIAL));
            readers.for_each(|reader| see(reader, Rels::RW));
        }
    }
}

impl Explain for Dependencies<'_> {
    fn explain(&self, from: usize, to: usize, rel: Rels) -> Option<String> {
        let steps = &self.transactions.entries[to].steps;
        let explains = |step: &&Step| {
            let mut is_found = false;
            self.before(step, &mut |before, kind| is_found |= (before, kind) == (from, rel));
            is_found
        };
        let step = steps.iter().find(explains)?;
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
