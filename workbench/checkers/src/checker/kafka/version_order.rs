//! The version orders of the logs, put together from what sends and polls say of them (`version-orders`).
//!
//! Offsets may have gaps; an *index* counts the offsets that something is known of.

use super::{
    anomalies::{Duplicate, InconsistentOffset, condensed},
    entries::{Entries, Key, Message},
    index::{KeyIndex, has_happened},
};
use crate::{
    checker::clojure_set,
    order::{signed, sort_by, sort_by_number},
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// A message at an offset.
#[derive(Clone, Copy)]
pub(super) struct Sighting {
    pub(super) message: Message,
    /// The index in the history of the first entry that says so.
    entry: usize,
}

/// The version order of a key.
#[derive(Default)]
pub(super) struct VersionOrder {
    /// The messages seen at each offset: one, unless they contradict each other.
    pub(super) log: Vec<(i64, Vec<Sighting>)>,
    /// The message at each index.
    by_index: Vec<Message>,
    /// The index of each message: the last one that it has.
    by_value: Vec<Option<usize>>,
}

/// The version orders by key. Polls count even where they failed; sends count if they have happened.
///
/// Negative offsets are left out, for there are none in Jepsen's logs.
pub(super) fn version_orders(entries: &Entries<'_>, index: &[KeyIndex]) -> Vec<VersionOrder> {
    let mut orders: Vec<VersionOrder> = Vec::new();
    orders.resize_with(entries.key_count(), VersionOrder::default);
    // The places of the offsets in the logs.
    let mut places: Vec<IndexMap<i64, usize, FixedState>> = vec![IndexMap::default(); entries.key_count()];
    for entry in entries.list.iter().filter(|entry| entry.is_transaction) {
        let sends = entry.sends.iter().filter(|_| has_happened(entry, index));
        for (key, pairs) in sends.chain(&entry.reads) {
            for (offset, message) in pairs {
                if let Some(offset) = offset.filter(|offset| *offset >= 0) {
                    let log = &mut orders[*key].log;
                    let place = *places[*key].entry(offset).or_insert(log.len());
                    if place == log.len() {
                        log.push((offset, Vec::new()));
                    }
                    let (_, seen) = &mut log[place];
                    if !seen.iter().any(|sighting| sighting.message == *message) {
                        seen.push(Sighting { message: *message, entry: entry.op.index });
                    }
                }
            }
        }
    }
    for (key, order) in orders.iter_mut().enumerate() {
        sort_by_number(&mut order.log, |(offset, _)| signed(*offset));
        order.number(entries, key);
    }
    orders
}

impl VersionOrder {
    /// Gives every message its index. Of several at one offset it takes the one that Jepsen takes: the first of a
    /// Clojure set.
    fn number(&mut self, entries: &Entries<'_>, key: Key) {
        self.by_value = vec![None; entries.message_count(key)];
        for (_, seen) in &mut self.log {
            if seen.len() > 1 {
                sort_by_number(seen, |sighting| clojure_set::path(entries.value(key, sighting.message)));
            }
            let first = seen[0].message;
            self.by_value[first] = Some(self.by_index.len());
            self.by_index.push(first);
        }
    }

    /// The distance from the first message to the second; one step, if it is unknown.
    pub(super) fn delta(&self, from: Message, to: Message) -> i64 {
        match (self.by_value[from], self.by_value[to]) {
            (Some(from), Some(to)) => to.cast_signed() as i64 - from.cast_signed() as i64,
            _ => 1,
        }
    }

    /// The messages between two, the first coming before the second.
    pub(super) fn between(&self, from: Message, to: Message) -> &[Message] {
        match (self.by_value[from], self.by_value[to]) {
            (Some(from), Some(to)) => self.by_index.get(from + 1..to).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Offsets at which there is more than one message.
pub(super) fn inconsistent_offsets(entries: &Entries<'_>, orders: &[VersionOrder]) -> Vec<InconsistentOffset> {
    let mut found = Vec::new();
    for (key, order) in orders.iter().enumerate() {
        for (index, (offset, seen)) in order.log.iter().enumerate().filter(|(_, (_, all))| all.len() > 1) {
            let mut values: Vec<_> = seen.iter().map(|sighting| entries.value(key, sighting.message)).collect();
            sort_by(&mut values, |left, right| left.cmp(right));
            let values = values.into_iter().map(condensed).collect();
            let seen_by = sorted(seen.iter().map(|sighting| sighting.entry));
            found.push(InconsistentOffset { key: entries.name(key), offset: *offset, index, values, seen_by });
        }
    }
    found
}

/// Messages that are at more than one offset of their log.
pub(super) fn duplicates(entries: &Entries<'_>, orders: &[VersionOrder]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    for (key, order) in orders.iter().enumerate() {
        let mut places: Vec<Vec<(i64, usize)>> = vec![Vec::new(); entries.message_count(key)];
        for (offset, seen) in &order.log {
            seen.iter().for_each(|sighting| places[sighting.message].push((*offset, sighting.entry)));
        }
        for (message, places) in places.into_iter().enumerate().filter(|(_, places)| places.len() > 1) {
            let value = condensed(entries.value(key, message));
            let (offsets, seen_by): (Vec<_>, Vec<_>) = places.into_iter().unzip();
            let (key, seen_by) = (entries.name(key), sorted(seen_by));
            found.push(Duplicate { key, value, count: offsets.len(), offsets, seen_by });
        }
    }
    found
}

fn sorted(entries: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut entries: Vec<usize> = entries.into_iter().collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}
