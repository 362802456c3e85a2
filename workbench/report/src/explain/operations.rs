//! The operations around a finding: those that show it, the previous and next ones of the same clients, and others on
//! the same element or key.

use crate::explain::subject::Subject;
use glomers_checkers::finding::Finding;
use glomers_checkers::history::{History, Op, Operation, Process};

/// The most operations whose neighbours are shown.
const SHOWING: usize = 5;

/// The most operations shown.
const SHOWN: usize = 8;

/// An entry of the history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) op: &'a Op,
    pub(super) shows_it: bool,
}

/// The entries to show, in order, and the number of related operations left out.
pub(super) fn around<'a>(history: &'a History, finding: &Finding, subject: &Subject) -> (Vec<Line<'a>>, usize) {
    let operations = history.operations();
    let shows_it = |operation: &Operation<'_>| finding.entries.iter().any(|entry| has(operation, *entry));
    let places = || 0..operations.len();
    let showing: Vec<usize> = places().filter(|place| shows_it(&operations[*place])).take(SHOWING).collect();
    let mut shown = showing.clone();
    for place in &showing {
        shown.extend(neighbours(&operations, *place));
    }
    shown.sort_unstable();
    shown.dedup();
    let is_related = |place: &usize| !shown.contains(place) && concerns(&operations[*place], subject);
    let mut related: Vec<usize> = places().filter(is_related).collect();
    // The nearest first; among equals, the earliest.
    related.sort_by_key(|place| showing.iter().map(|other| place.abs_diff(*other)).min());
    let room = SHOWN.saturating_sub(shown.len()).min(related.len());
    shown.extend(&related[..room]);
    shown.sort_unstable();
    let mut lines: Vec<Line<'a>> = Vec::new();
    for place in shown {
        let operation = operations[place];
        let shows_it = shows_it(&operation);
        let Operation { invocation, completion } = operation;
        lines.extend([Some(invocation), completion].into_iter().flatten().map(|op| Line { op, shows_it }));
    }
    lines.sort_by_key(|line| line.op.index);
    (lines, related.len() - room)
}

fn has(operation: &Operation<'_>, entry: usize) -> bool {
    operation.invocation.index == entry || operation.completion.is_some_and(|completion| completion.index == entry)
}

/// The previous and the next operation of the same client.
fn neighbours(operations: &[Operation<'_>], place: usize) -> impl Iterator<Item = usize> {
    let process: Process = operations[place].invocation.process;
    let is_its = |other: &usize| operations[*other].invocation.process == process;
    let (before, after) = ((0..place).rev().find(is_its), (place + 1..operations.len()).find(is_its));
    before.into_iter().chain(after)
}

fn concerns(operation: &Operation<'_>, subject: &Subject) -> bool {
    let Operation { invocation, completion } = operation;
    let mut values = [Some(*invocation), *completion].into_iter().flatten().map(|op| op.value.as_str());
    values.any(|value| subject.is_in(value))
}
