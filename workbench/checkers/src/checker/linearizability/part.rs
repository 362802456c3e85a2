//! The operations on one independent object, as the search needs them.

use super::{
    configurations::KindId,
    model::{Effect, Model},
};
use crate::{
    history::{History, Kind, Operation, Process},
    order::sort_by_number,
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::{IndexMap, IndexSet};

/// An operation that happened or may have.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) kind: KindId,
    pub(super) process: Process,
    /// The index of the entry at which it began.
    pub(super) begin: usize,
    /// The index of the entry at which it was known to have happened.
    pub(super) end: Option<usize>,
}

/// A beginning or an end, in the order of the history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The action at this place begins.
    Begin(usize),
    /// It has happened.
    End(usize),
}

/// The operations on an object that tell something.
#[derive(Debug)]
pub(super) struct Part<O> {
    /// The distinct operations.
    pub(super) kinds: IndexSet<O, FixedState>,
    pub(super) actions: Vec<Action>,
    pub(super) events: Vec<Event>,
}

/// The parts of a history by name.
pub(super) type Parts<O> = IndexMap<Option<Json>, Part<O>, FixedState>;

/// The parts of a history, in the order in which they first appear.
pub(super) fn parts<M: Model>(model: &M, history: &History) -> Parts<M::Operation> {
    let mut parts = Parts::default();
    for seen in history.operations() {
        let (asked, answered) = (&seen.invocation.value, seen.ok().map(|completion| &completion.value));
        let has_failed = seen.completion.is_some_and(|completion| completion.kind == Kind::Fail);
        let operation = (!has_failed).then(|| model.operation(&seen.invocation.f, asked, answered)).flatten();
        let tells = |operation: &M::Operation| answered.is_some() || model.effect(operation) != Effect::Observe;
        let (name, operation) = (model.part(asked), operation.filter(tells));
        // A part is named in the results even if none of its operations tells anything.
        if name.is_some() || operation.is_some() {
            let part = parts.entry(name).or_default();
            operation.into_iter().for_each(|operation| part.push(&seen, operation));
        }
    }
    parts.values_mut().for_each(Part::order);
    parts
}

impl<O> Default for Part<O> {
    fn default() -> Self {
        Self { kinds: IndexSet::default(), actions: Vec::new(), events: Vec::new() }
    }
}

impl<O: Eq + std::hash::Hash> Part<O> {
    fn push(&mut self, seen: &Operation<'_>, operation: O) {
        let kind = KindId::try_from(self.kinds.insert_full(operation).0).expect("fewer than four billion operations");
        let (begin, end) = (seen.invocation.index, seen.ok().map(|completion| completion.index));
        self.actions.push(Action { kind, process: seen.invocation.process, begin, end });
    }

    fn order(&mut self) {
        let ended = (0..self.actions.len()).filter(|place| self.actions[*place].end.is_some()).map(Event::End);
        let mut events: Vec<_> = (0..self.actions.len()).map(Event::Begin).chain(ended).collect();
        sort_by_number(&mut events, |event| self.index(*event) as u64);
        self.events = events;
    }

    /// The operation of an action.
    pub(super) fn operation(&self, action: &Action) -> &O {
        &self.kinds[action.kind as usize]
    }

    /// The index of the entry that an event comes from.
    pub(super) fn index(&self, event: Event) -> usize {
        match event {
            Event::Begin(place) => self.actions[place].begin,
            Event::End(place) => self.actions[place].end.unwrap_or(usize::MAX),
        }
    }

    /// The most actions with a known end that run at once.
    pub(super) fn concurrency(&self) -> usize {
        let (mut running, mut most) = (0, 0);
        for event in &self.events {
            match event {
                Event::Begin(place) if self.actions[*place].end.is_some() => running += 1,
                Event::Begin(_) => {}
                Event::End(_) => running -= 1,
            }
            most = most.max(running);
        }
        most
    }
}
