//! Dependencies between transactions over registers: `wr` from a write to its reads, `ww` and `rw` by the order of
//! values.

use super::{
    externals::Externals,
    versions::{Versions, unpacked},
};
use crate::{
    checker::txn::{
        anomalies::Explain,
        by_id::PlacesOf,
        graph::{Builder, Rels},
        transactions::{Id, Transactions},
    },
    history::Kind,
};

/// The dependencies, and what they are made of.
pub(super) struct Dependencies<'a> {
    transactions: &'a Transactions,
    externals: Vec<Externals>,
    versions: Versions,
    readers: PlacesOf,
    writers: PlacesOf,
}

impl<'a> Dependencies<'a> {
    pub(super) fn new(transactions: &'a Transactions, externals: Vec<Externals>, versions: Versions) -> Self {
        let (mut readers, mut writers) = (PlacesOf::default(), PlacesOf::default());
        for place in transactions.of_kinds(&[Kind::Ok]) {
            for (index, values) in [(&mut readers, &externals[place].reads), (&mut writers, &externals[place].writes)] {
                values.iter().for_each(|(key, value)| index.add(*key, *value, place));
            }
        }
        Self { transactions, externals, versions, readers, writers }
    }

    /// The graph; an error names a value that was read and that several transactions wrote.
    pub(super) fn graph(&self) -> Result<Builder, String> {
        let mut graph = Builder::default();
        let mut twice: Option<(Id, Id)> = None;
        for (key, value, readers) in self.readers.iter() {
            let mut writers = self.writers.get(key, value);
            match (writers.next(), writers.next()) {
                (None, _) => {}
                // A transaction that reads what it writes later depends on itself.
                (Some(writer), None) => readers.for_each(|reader| graph.link(writer, reader, Rels::WR)),
                _ => twice = Some(twice.map_or((key, value), |known| known.min((key, value)))),
            }
        }
        if let Some((key, value)) = twice {
            return Err(self.written_twice(key, value));
        }
        for (key, pairs) in self.versions.pairs.iter() {
            for (first, second) in pairs.iter().map(|pair| unpacked(*pair)) {
                let later = self.writers.get(*key, second);
                for (rel, index) in [(Rels::WW, &self.writers), (Rels::RW, &self.readers)] {
                    for from in index.get(*key, first) {
                        later.clone().for_each(|to| graph.link_others(from, to, rel));
                    }
                }
            }
        }
        Ok(graph)
    }

    fn written_twice(&self, key: Id, value: Id) -> String {
        let entries: Vec<_> =
            self.writers.get(key, value).map(|place| self.transactions.entries[place].index).collect();
        let (first, second) = (entries[0], entries[1]);
        let (key, value) = (self.transactions.name(key), self.transactions.name(value));
        format!("entries {first} and {second} both set key {key} to {value}, which was read")
    }
}

impl Explain for Dependencies<'_> {
    fn explain(&self, from: usize, to: usize, rel: Rels) -> Option<String> {
        let (first, second) = (&self.externals[from], &self.externals[to]);
        let [first_label, second_label] = [from, to].map(|place| self.transactions.label(place));
        let name = |id: &Id| self.transactions.name(*id);
        if rel == Rels::WR {
            let (key, value) = first.writes.iter().find(|(key, value)| second.reads.get(key) == Some(value))?;
            return Some(format!(
                "{first_label} wrote {} = {}, which was read by {second_label}",
                name(key),
                name(value)
            ));
        }
        let earlier = if rel == Rels::WW { &first.writes } else { &first.reads };
        let (key, value, later) = earlier.iter().find_map(|(key, value)| {
            let later = second.writes.get(key)?;
            self.versions.is_before(*key, *value, *later).then_some((key, value, later))
        })?;
        let (key, value, later) = (name(key), name(value), name(later));
        let deed =
            if rel == Rels::WW { format!("set key {key} to {value}") } else { format!("read key {key} = {value}") };
        Some(format!(
            "{first_label} {deed}, and {second_label} set it to {later}, which came later in the version order"
        ))
    }
}
