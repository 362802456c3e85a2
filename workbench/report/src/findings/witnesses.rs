//! Which entries show a finding, if the checker does not say so in one list.

use glomers_checkers::{
    history::{History, Kind, Op, Process},
    text::find,
};
use serde_json::Value;

/// The indices of the operations that a finding names, wherever in it they stand.
pub(super) fn named(found: &Value, entries: &mut Vec<usize>) {
    if found["process"].is_u64() && found["f"].is_string() {
        entries.extend(found["index"].as_u64().and_then(|index| usize::try_from(index).ok()));
        return;
    }
    found.as_object().into_iter().flatten().for_each(|(_, part)| named(part, entries));
    found.as_array().into_iter().flatten().for_each(|part| named(part, entries));
}

/// For each place of a log that a finding names, the first entry that tells of it: a message at several offsets, or
/// several messages at one.
pub(super) fn of_places(err: &Value, history: &History) -> Vec<usize> {
    let Some(key) = err["key"].as_str() else { return Vec::new() };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let places: Vec<(Value, Value)> = if err["offsets"].is_array() {
        list(&err["offsets"]).into_iter().map(|offset| (offset, err["value"].clone())).collect()
    } else {
        list(&err["values"]).into_iter().map(|value| (err["offset"].clone(), value)).collect()
    };
    let mut entries: Vec<usize> = places.iter().filter_map(|place| first_at(key, place, history)).collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// The first entry that tells of a message at an offset.
fn first_at(key: &str, (offset, message): &(Value, Value), history: &History) -> Option<usize> {
    let text = message.to_string();
    let could = |op: &&Op| op.kind != Kind::Invoke && find(op.value.as_str(), &text).is_some();
    let tells = |op: &&Op| op.value.decode().is_ok_and(|steps: Value| holds_place(&steps, key, offset, message));
    let mut entries = history.ops().iter().filter(could);
    entries.find(tells).map(|op| op.index)
}

/// Whether steps such as `["send", KEY, [OFFSET, MESSAGE]]` and `["poll", {KEY: [[OFFSET, MESSAGE] ...]}]` tell of it.
fn holds_place(steps: &Value, key: &str, offset: &Value, message: &Value) -> bool {
    let is_pair = |pair: &Value| pair[0] == *offset && pair[1] == *message;
    let tells = |step: &Value| match step[0].as_str() {
        Some("send") => step[1] == key && is_pair(&step[2]),
        Some("poll") => step[1][key].as_array().is_some_and(|pairs| pairs.iter().any(is_pair)),
        _ => false,
    };
    steps.as_array().is_some_and(|steps| steps.iter().any(tells))
}

/// The last read that saw an element, and the first one after it that did not.
pub(super) fn last_seen(element: &str, history: &History) -> Vec<usize> {
    let reads = || history.ops().iter().filter(|op| op.f == "read" && op.kind == Kind::Ok);
    let seen = reads().rfind(|op| find(op.value.as_str(), element).is_some());
    let known = seen.or_else(|| {
        let mut ops = history.ops().iter();
        ops.find(|op| op.f != "read" && op.kind == Kind::Ok && op.value.as_str() == element)
    });
    let began_later = |op: &&Op| known.is_none_or(|known| invocation(op, history) > Some(known.index));
    let mut later = reads().filter(|op| known.is_none_or(|known| op.index > known.index));
    let missed = later.find(began_later);
    seen.into_iter().chain(missed).map(|op| op.index).collect()
}

/// Where the operation that an entry ends began.
fn invocation(op: &Op, history: &History) -> Option<usize> {
    let is_its = |earlier: &&Op| earlier.process == op.process && earlier.process != Process::Nemesis;
    history.ops()[..op.index].iter().rfind(is_its).map(|op| op.index)
}
