//! The offsets that operations have reached in the logs, from the entries of the history. Generators use them.

use glomers_checkers::history::{Kind, Op};
use glomers_json::SortedMap;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// An offset for each key. The workload's keys are numbers, in numerical order; other keys in a node's reply are
/// ignored.
pub(super) type Offsets = SortedMap<u64, i64>;

/// The highest offsets in the result of a `poll`, -1 for an empty log.
pub(super) fn polled(op: &Op) -> Offsets {
    if op.kind != Kind::Ok || op.f != "poll" {
        return Offsets::new();
    }
    let steps: [(IgnoredAny, Highest); 1] = op.value.decode().expect("the client made this value");
    let [(_, Highest(offsets))] = steps;
    offsets
}

/// The highest offset of the messages of each key.
struct Highest(Offsets);

impl<'de> Deserialize<'de> for Highest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HighestVisitor)
    }
}

struct HighestVisitor;

impl<'de> Visitor<'de> for HighestVisitor {
    type Value = Highest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lists of messages by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Highest, A::Error> {
        let mut offsets = Offsets::new();
        while let Some((key, messages)) = map.next_entry::<String, Vec<(i64, IgnoredAny)>>()? {
            if let Ok(key) = key.parse() {
                offsets.insert(key, messages.iter().map(|(offset, _)| *offset).fold(-1, i64::max));
            }
        }
        Ok(Highest(offsets))
    }
}

/// The offset in the result of a `send`.
pub(super) fn sent(op: &Op) -> Offsets {
    if op.kind != Kind::Ok || op.f != "send" {
        return Offsets::new();
    }
    let steps: [(IgnoredAny, String, (i64, IgnoredAny)); 1] = op.value.decode().expect("the client made this value");
    let [(_, key, (offset, _))] = steps;
    // As in Jepsen's code, where a 0 here raises negative offsets.
    key.parse().map(|key| (key, offset.max(0))).into_iter().collect()
}

/// Raises `offsets` to those of `others`.
pub(super) fn raise(offsets: &mut Offsets, others: &Offsets) {
    for (key, offset) in others.iter() {
        let highest = offsets.or_insert(*key, *offset);
        *highest = (*highest).max(*offset);
    }
}
