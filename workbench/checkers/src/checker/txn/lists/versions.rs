//! The version order of each list: the longest read of it.

use crate::{
    checker::txn::{
        anomalies::{Anomalies, Anomaly},
        transactions::{Id, Seen, Step, Transactions},
    },
    history::Kind,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

/// The version orders by key.
#[derive(Default)]
pub(super) struct Versions<'a> {
    /// The distinct lists that were read, the shortest first.
    reads: BTreeMap<Id, Vec<&'a [Id]>>,
    orders: BTreeMap<Id, Vec<Id>>,
    /// The place of each element in the order of its key.
    places: BTreeMap<(Id, Id), usize>,
}

impl<'a> Versions<'a> {
    /// The orders that entries of these kinds show.
    ///
    /// A key to which only one step appends has that order even if it was never read. Elle counts steps, not
    /// transactions: if invocations count too, a transaction that ended appends twice.
    pub(super) fn new(transactions: &'a Transactions, kinds: &[Kind]) -> Self {
        let mut reads: BTreeMap<Id, BTreeSet<(usize, &'a [Id])>> = BTreeMap::new();
        let mut appends: BTreeMap<Id, Option<&'a Id>> = BTreeMap::new();
        for place in transactions.of_kinds(kinds) {
            for step in &transactions.entries[place].steps {
                match step {
                    Step::Read { key, values } if !values.elements().is_empty() => {
                        reads.entry(*key).or_default().insert((values.elements().len(), values.elements()));
                    }
                    Step::Read { .. } => {}
                    Step::Write { key, value } => {
                        appends.entry(*key).and_modify(|only| *only = None).or_insert(Some(value));
                    }
                }
            }
        }
        let mut versions = Self::default();
        for (key, lists) in reads {
            versions.reads.insert(key, lists.into_iter().map(|(_, list)| list).collect());
        }
        for (key, only) in appends {
            if let Some(only) = only {
                versions.reads.entry(key).or_insert_with(|| vec![slice::from_ref(only)]);
            }
        }
        versions.order();
        versions
    }

    fn order(&mut self) {
        for (key, lists) in &self.reads {
            let mut order = Vec::new();
            for element in lists.last().into_iter().copied().flatten() {
                if let std::collections::btree_map::Entry::Vacant(place) = self.places.entry((*key, *element)) {
                    place.insert(order.len());
                    order.push(*element);
                }
            }
            self.orders.insert(*key, order);
        }
    }

    pub(super) fn orders(&self) -> &BTreeMap<Id, Vec<Id>> {
        &self.orders
    }

    /// The element before one, or the last of all before one that was never read; `None` for the initial state.
    pub(super) fn before(&self, key: Id, element: Id) -> Option<Id> {
        let order = self.orders.get(&key)?;
        match self.places.get(&(key, element)) {
            Some(place) => place.checked_sub(1).map(|before| order[before]),
            None => order.last().copied(),
        }
    }

    /// Keys of which two reads cannot both be true.
    pub(super) fn incompatible(&self, transactions: &Transactions, anomalies: &mut Anomalies) {
        for (key, lists) in &self.reads {
            let Some(pair) = lists.windows(2).find(|pair| !pair[1].starts_with(pair[0])) else { continue };
            anomalies.push("incompatible-order", || {
                let [shorter, longer] = [0, 1].map(|place: usize| transactions.list(pair[place]));
                let key = transactions.name(*key);
                let explanation = format!(
                    "key {key} was read as both {shorter} and {longer}; neither is a prefix of the other, so no single \
                     order of appends explains them"
                );
                let detail = json!({
                    "key": crate::json::value(key),
                    "values": [crate::json::value(&shorter), crate::json::value(&longer)],
                });
                Anomaly::new([], explanation, detail)
            });
        }
    }
}
