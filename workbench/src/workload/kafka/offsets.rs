//! The offsets that operations have reached in the logs, from the entries of the history. Generators use them.

use glomers_checkers::history::{Kind, Op};
use glomers_protocol::kafka::OffsetMessage;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// An offset for each key. The workload's keys are numbers, in numerical order; other keys in a node's reply are
/// ignored.
pub(super) type Offsets = BTreeMap<u64, i64>;

/// The highest offsets in the result of a `poll`, -1 for an empty log.
pub(super) fn polled(op: &Op) -> Offsets {
    if op.kind != Kind::Ok || op.f != "poll" {
        return Offsets::new();
    }
    let steps: [(IgnoredAny, BTreeMap<String, Vec<OffsetMessage>>); 1] =
        op.value.decode().expect("the client made this value");
    let [(_, messages)] = steps;
    let highest = |messages: &[OffsetMessage]| messages.iter().map(|message| message.0.0).fold(-1, i64::max);
    messages.iter().filter_map(|(key, messages)| Some((key.parse().ok()?, highest(messages)))).collect()
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
    for (key, offset) in others {
        let highest = offsets.entry(*key).or_insert(*offset);
        *highest = (*highest).max(*offset);
    }
}
