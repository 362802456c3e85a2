//! Dependencies between transactions over registers: `wr` from a write to its reads, `ww` and `rw` by the order of
//! values.

use super::{externals::Externals, versions::Versions};
use crate::{
    checker::txn::{
        anomalies::Explain,
        graph::{Builder, Rels},
        transactions::{Id, Transactions},
    },
    history::Kind,
};
use std::collections::BTreeMap;

/// Committed transactions by a key and a value.
type Index = BTreeMap<(Id, Id), Vec<usize>>;

/// The dependencies, and what they are made of.
pub(super) struct Dependencies<'a> {
    transactions: &'a Transactions,
    externals: Vec<Externals>,
    versions: Versions,
    readers: Index,
    writers: Index,
}

impl<'a> Dependencies<'a> {
    pub(super) fn new(transactions: &'a Transactions, externals: Vec<Externals>, versions: Versions) -> Self {
        let (mut readers, mut writers) = (Index::new(), Index::new());
        for place in transactions.of_kinds(&[Kind::Ok]) {
            for (index, values) in [(&mut readers, &externals[place].reads), (&mut writers, &externals[place].writes)] {
                values.iter().for_each(|(key, value)| index.entry((*key, *value)).or_default().push(place));
            }
        }
        Self { transactions, externals, versions, readers, writers }
    }

    /// The graph; an error names a value that was read and that several transactions wrote.
    pub(super) fn graph(&self) -> Result<Builder, String> {
        let mut graph = Builder::default();
        for ((key, value), readers) in &self.readers {
            match self.writers.get(&(*key, *value)).map(Vec::as_slice) {
                None | Some([]) => {}
                // A transaction that reads what it writes later depends on itself.
                Some([writer]) => readers.iter().for_each(|reader| graph.link(*writer, *reader, Rels::WR)),
                Some([first, second, ..]) => return Err(self.written_twice(*key, *value, [*first, *second])),
            }
        }
        for (key, pairs) in &self.versions.pairs {
            for (first, second) in pairs {
                let of = |index: &'_ Index, value: &Id| index.get(&(*key, *value)).cloned().unwrap_or_default();
                let later = of(&self.writers, second);
                for (rel, earlier) in [(Rels::WW, of(&self.writers, first)), (Rels::RW, of(&self.readers, first))] {
                    for from in earlier {
                        later.iter().for_each(|to| graph.link_others(from, *to, rel));
                    }
                }
            }
        }
        Ok(graph)
    }

    fn written_twice(&self, key: Id, value: Id, writers: [usize; 2]) -> String {
        let [first, second] = writers.map(|place| self.transactions.entries[place].index);
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
