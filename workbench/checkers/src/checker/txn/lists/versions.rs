//! The version order of each list: the longest read of it.

use crate::{
    checker::txn::{
        anomalies::{Anomalies, Anomaly},
        transactions::{Id, Seen, Step, Transactions},
    },
    history::Kind,
    order::{sort_by, sort_by_number},
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use serde_json::json;
use std::{cmp::Ordering, slice};

/// The version orders by key.
#[derive(Default)]
pub(super) struct Versions<'a> {
    keys: IndexMap<Id, Key<'a>, FixedState>,
}

#[derive(Default)]
struct Key<'a> {
    /// The longest list that was read; of several the greatest.
    longest: &'a [Id],
    /// The element that the first step appended.
    first: Option<&'a Id>,
    has_more: bool,
    order: Vec<Id>,
    /// The elements by their numbers, with their places in the order.
    places: Vec<(Id, usize)>,
}

impl Key<'_> {
    /// Orders the elements of the longest list. Of an element that it has twice the first place counts.
    fn set_order(&mut self) {
        let by_element = |places: &mut Vec<(Id, usize)>| sort_by_number(places, |(element, _)| u64::from(*element));
        let mut places: Vec<(Id, usize)> = self.longest.iter().copied().zip(0..).collect();
        by_element(&mut places);
        places.dedup_by(|(later, _), (first, _)| later == first);
        self.order = self.longest.to_vec();
        if places.len() < self.longest.len() {
            sort_by_number(&mut places, |(_, place)| *place as u64);
            self.order = places.iter().map(|(element, _)| *element).collect();
            places.iter_mut().enumerate().for_each(|(rank, (_, place))| *place = rank);
            by_element(&mut places);
        }
        self.places = places;
    }
}

impl<'a> Versions<'a> {
    /// The orders that entries of these kinds show.
    ///
    /// A key to which only one step appends has that order even if it was never read. Elle counts steps, not
    /// transactions: if invocations count too, a transaction that ended appends twice.
    pub(super) fn new(transactions: &'a Transactions, kinds: &[Kind]) -> Self {
        let mut versions = Self::default();
        for place in transactions.of_kinds(kinds) {
            for step in &transactions.entries[place].steps {
                match step {
                    Step::Read { key, values } => {
                        let list = values.elements();
                        if !list.is_empty() {
                            let key = versions.keys.entry(*key).or_default();
                            if by_length(&list, &key.longest).is_gt() {
                                key.longest = list;
                            }
                        }
                    }
                    Step::Write { key, value } => {
                        let key = versions.keys.entry(*key).or_default();
                        key.has_more |= key.first.is_some();
                        key.first = Some(value);
                    }
                }
            }
        }
        versions.order();
        versions
    }

    fn order(&mut self) {
        for key in self.keys.values_mut() {
            if let (true, false, Some(only)) = (key.longest.is_empty(), key.has_more, key.first) {
                key.longest = slice::from_ref(only);
            }
            key.set_order();
        }
    }

    /// The elements in their order, by key, in the order of the keys.
    pub(super) fn orders(&self) -> Vec<(Id, &[Id])> {
        let mut orders: Vec<_> = self.keys.iter().map(|(id, key)| (*id, key.order.as_slice())).collect();
        sort_by_number(&mut orders, |(id, _)| u64::from(*id));
        orders
    }

    /// The element before one, or the last of all before one that was never read; `None` for the initial state.
    pub(super) fn before(&self, key: Id, element: Id) -> Option<Id> {
        let Key { order, places, .. } = self.keys.get(&key)?;
        let found = places.partition_point(|(other, _)| *other < element);
        match places.get(found).filter(|(other, _)| *other == element) {
            Some((_, place)) => place.checked_sub(1).map(|before| order[before]),
            None => order.last().copied(),
        }
    }

    /// Keys of which two reads cannot both be true.
    pub(super) fn incompatible(&self, transactions: &Transactions, kinds: &[Kind], anomalies: &mut Anomalies) {
        let mut strange: IndexMap<Id, Vec<&[Id]>, FixedState> = IndexMap::default();
        let reads = || transactions.of_kinds(kinds).flat_map(|place| &transactions.entries[place].steps);
        for step in reads() {
            let Step::Read { key, values } = step else { continue };
            if !self.keys.get(key).is_none_or(|known| known.longest.starts_with(values.elements())) {
                strange.entry(*key).or_default();
            }
        }
        if strange.is_empty() {
            return;
        }
        for step in reads() {
            let Step::Read { key, values } = step else { continue };
            if let Some(lists) = strange.get_mut(key).filter(|_| !values.elements().is_empty()) {
                lists.push(values.elements());
            }
        }
        let mut strange: Vec<_> = strange.into_iter().collect();
        sort_by_number(&mut strange, |(key, _)| u64::from(*key));
        for (key, mut lists) in strange {
            sort_by(&mut lists, by_length);
            let Some(pair) = lists.windows(2).find(|pair| !pair[1].starts_with(pair[0])) else { continue };
            anomalies.push("incompatible-order", || {
                let [shorter, longer] = [0, 1].map(|place: usize| transactions.list(pair[place]));
                let key = transactions.name(key);
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

/// The shorter list first, and of equally long ones the one with the smaller numbers.
fn by_length(left: &&[Id], right: &&[Id]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}
