//! The shortest stretch of a history that contradicts itself, whatever happened before it.

use super::{
    Violation,
    key::{Action, Effect, Event, Key, ValueId},
    search::{Budget, Search},
    timeline,
};
use glomers_json::Json;
use std::fmt::Write as _;

/// How many states may be looked at to make a window shorter.
const MAX_STEPS: u64 = 1_000_000;

/// Explains why the event at `place` contradicts those before it; just before, the register may have had `values`.
pub(super) fn violation(name: &Json, key: &Key, place: usize, values: &[ValueId]) -> Violation {
    let from = start(key, place);
    let (Event::Begin(culprit) | Event::End(culprit)) = key.events[place];
    let end = key.index(key.events[place]);
    let begin = key.index(key.events[from]);
    // Of the operations without a known end, only those that may take effect in time matter.
    let overlaps = |action: &&Action| action.begin <= end && action.end.is_none_or(|ended| ended >= begin);
    let within: Vec<&Action> = key.actions.iter().filter(overlaps).collect();
    let mut explanation = format!("key {name}: {} ended at {end}, but ", describe(key, key.actions[culprit].effect));
    let possible: Vec<_> = values.iter().map(|value| key.values[*value].to_string()).collect();
    let _ = match possible.as_slice() {
        [value] => write!(explanation, "the value before it was {value}"),
        _ => write!(explanation, "the value before it was one of {}", possible.join(", ")),
    };
    let _ = write!(explanation, ", and nothing that ran until then explains it");
    Violation { index: end, from: begin, explanation, timeline: timeline::draw(key, &within, begin, end) }
}

/// The last event from which on a search that knows nothing of what came before still fails.
fn start(key: &Key, place: usize) -> usize {
    let mut budget = Budget::new(MAX_STEPS);
    let mut fails = |from| Search::anywhere(key, from).and_then(|search| search.fails_until(from, place, &mut budget));
    // Knowing less can only make more states possible, so from the first event that does not fail, none does.
    let (mut failing, mut passing) = (0, place + 1);
    while passing - failing > 1 {
        let middle = failing.midpoint(passing);
        match fails(middle) {
            Ok(true) => failing = middle,
            _ => passing = middle,
        }
    }
    failing
}

/// An operation in words.
pub(super) fn describe(key: &Key, effect: Effect) -> String {
    let value = |value: ValueId| &key.values[value];
    match effect {
        Effect::Read(found) => format!("read {}", value(found)),
        Effect::Write(left) => format!("write {}", value(left)),
        Effect::Cas(found, left) => format!("cas {} -> {}", value(found), value(left)),
    }
}
