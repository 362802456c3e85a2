//! The shortest stretch of a history that contradicts itself, whatever happened before it, in words and drawn.

use super::{
    model::Model,
    part::{Action, Event, Part},
    timeline,
    violation::Violation,
};
use glomers_json::Json;
use std::fmt::Write as _;

/// Explains why the event at `place` contradicts those from the one at `from` on; `before` are the states in which the
/// object may have been just before it.
pub(super) fn violation<M: Model>(
    name: Option<&Json>,
    part: &Part<M::Operation>,
    (from, place): (usize, usize),
    before: &[String],
) -> Violation {
    let (Event::Begin(culprit) | Event::End(culprit)) = part.events[place];
    let end = part.index(part.events[place]);
    let begin = part.index(part.events[from]);
    // Of the operations without a known end, only those that may take effect in time matter.
    let overlaps = |action: &&Action| action.begin <= end && action.end.is_none_or(|ended| ended >= begin);
    let within: Vec<&Action> = part.actions.iter().filter(overlaps).collect();
    let mut explanation = name.map(|name| format!("key {name}: ")).unwrap_or_default();
    let _ = write!(explanation, "{} ended at {end}, but ", part.operation(&part.actions[culprit]));
    let noun = M::STATE;
    let _ = match before {
        [state] => write!(explanation, "the {noun} before it was {state}"),
        _ => write!(explanation, "the {noun} before it was one of {}", before.join(", ")),
    };
    explanation.push_str(", and nothing that ran until then explains it");
    Violation { index: end, from: begin, explanation, timeline: timeline::draw(part, &within, begin, end) }
}
