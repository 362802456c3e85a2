//! The operations on one key, as the search needs them.

use crate::history::{History, Kind, Op, Operation, Process};
use glomers_json::Json;
use indexmap::{IndexMap, IndexSet};

/// A value of a register: its place in [`Key::values`].
pub(super) type ValueId = usize;

/// The value of a register that was never written: `null`.
pub(super) const NOTHING: ValueId = 0;

/// What an operation does to a register.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Effect {
    /// Finds this value.
    Read(ValueId),
    /// Leaves this value.
    Write(ValueId),
    /// Finds the first value and leaves the second.
    Cas(ValueId, ValueId),
}

impl Effect {
    /// The value after it, unless it cannot happen at `value`.
    pub(super) fn apply(self, value: ValueId) -> Option<ValueId> {
        match self {
            Self::Read(found) => (found == value).then_some(value),
            Self::Write(left) => Some(left),
            Self::Cas(found, left) => (found == value).then_some(left),
        }
    }
}

/// An operation that happened or may have.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) effect: Effect,
    pub(super) process: Process,
    /// The index of the entry at which it began.
    pub(super) begin: usize,
    /// The index of the entry at which it was known to have happened.
    pub(super) end: Option<usize>,
}

/// Something that happens, in the order of the history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The action of this place begins.
    Begin(usize),
    /// It has happened.
    End(usize),
}

/// The operations on a key that tell something.
#[derive(Debug, Default)]
pub(super) struct Key {
    pub(super) values: IndexSet<Json>,
    pub(super) actions: Vec<Action>,
    pub(super) events: Vec<Event>,
}

/// The operations of a history, by key.
pub(super) fn by_key(history: &History) -> IndexMap<Json, Vec<Operation<'_>>> {
    let mut keys: IndexMap<Json, Vec<Operation<'_>>> = IndexMap::new();
    for operation in history.operations() {
        if let Some((key, _)) = tuple(operation.invocation) {
            keys.entry(key).or_default().push(operation);
        }
    }
    keys
}

fn tuple(op: &Op) -> Option<(Json, Json)> {
    op.value.decode().ok()
}

impl Key {
    pub(super) fn new(operations: &[Operation<'_>]) -> Self {
        let mut key = Self::default();
        key.values.insert(Json::null());
        for operation in operations {
            if let Some(action) = key.action(operation) {
                key.actions.push(action);
            }
        }
        let mut events: Vec<_> = (0..key.actions.len()).map(Event::Begin).collect();
        events.extend((0..key.actions.len()).filter(|place| key.actions[*place].end.is_some()).map(Event::End));
        events.sort_by_key(|event| key.index(*event));
        key.events = events;
        key
    }

    /// The index of the entry that an event comes from.
    pub(super) fn index(&self, event: Event) -> usize {
        match event {
            Event::Begin(place) => self.actions[place].begin,
            Event::End(place) => self.actions[place].end.unwrap_or(usize::MAX),
        }
    }

    fn value(&mut self, value: Json) -> ValueId {
        self.values.insert_full(value).0
    }

    /// What an operation does, unless it tells nothing.
    fn action(&mut self, operation: &Operation<'_>) -> Option<Action> {
        let kind = operation.completion.map_or(Kind::Info, |completion| completion.kind);
        let (_, argument) = tuple(operation.invocation)?;
        let effect = match (&*operation.invocation.f, kind) {
            (_, Kind::Fail) => return None,
            ("read", Kind::Ok) => match tuple(operation.completion?)?.1 {
                value if value.is_null() => return None,
                value => Effect::Read(self.value(value)),
            },
            ("write", _) => Effect::Write(self.value(argument)),
            ("cas", _) => {
                let (found, left) = argument.decode().ok()?;
                Effect::Cas(self.value(found), self.value(left))
            }
            _ => return None,
        };
        let end = operation.ok().map(|completion| completion.index);
        Some(Action { effect, process: operation.invocation.process, begin: operation.invocation.index, end })
    }
}
