//! The values that a node has, in one log per origin, and the exchange of what another node lacks.
//!
//! An *origin* is one incarnation of a node: its id and a number drawn at its start. A node appends the values that
//! clients send it to its own log, so an origin never gives one position to two values, even if the node restarts
//! without the last ones, or with an empty memory. Every copy of a log is a prefix of it. So a [version
//! vector](VersionVector), one length per log, says exactly which values a node has, and the rest is what it lacks,
//! whichever node sends it. No earlier exchange has to be remembered, and duplicated, late or reordered messages do no
//! harm.
//!
//! A value that arrives before its predecessors can be read at once. It is appended when they have arrived. If they
//! never arrive, because they were lost with the only node that had them, the value is [adopted](Change::Adopted).

use super::version_vector::{Origin, VersionVector};
use crate::{durable::Journaled, value_set::ValueSet};
use glomers_json::SortedMap;
use glomers_protocol::Json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest number of values in a message.
pub(super) const MAX_VALUES: usize = 1000;

/// The number of times that a value is [found waiting](OriginLogs::age) for its predecessors before it is adopted.
const ADOPT: u32 = 10;

/// A contiguous part of an origin's log.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Delta {
    origin: Origin,
    /// The number of values before this part.
    first: usize,
    values: Vec<Json>,
}

impl Delta {
    /// The length of the log of a node that had everything before this delta and applies it.
    pub(super) fn end(&self) -> usize {
        self.first.saturating_add(self.values.len())
    }
}

/// All values of a node.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OriginLogs {
    own: Origin,
    values: ValueSet,
    logs: SortedMap<Origin, Vec<Json>>,
    vector: VersionVector,
    /// The length of all logs together.
    total: usize,
    /// Values that arrived before their predecessors, by origin and position.
    early: SortedMap<Origin, SortedMap<usize, Early>>,
}

/// A value that waits for its predecessors.
#[derive(Debug, Serialize, Deserialize)]
struct Early {
    value: Json,
    /// The number of times that it was found waiting.
    age: u32,
}

/// A change to the values of a node.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Change {
    /// A new incarnation begins, and appends to a log of its own from now on.
    Started(Origin),
    /// A client sent a value.
    Added(Json),
    /// Another node sent values.
    Received(Vec<Delta>),
    /// The values at these positions have waited too long for their predecessors. They are appended to the node's own
    /// log.
    Adopted(Vec<(Origin, usize)>),
}

impl Journaled for OriginLogs {
    type Input = Change;
    type Output = ();

    fn apply(&mut self, change: Change) {
        match change {
            Change::Started(own) => self.own = own,
            Change::Added(value) => self.add(value),
            Change::Received(deltas) => deltas.into_iter().for_each(|delta| self.receive(delta)),
            Change::Adopted(positions) => positions.into_iter().for_each(|(origin, position)| {
                let adopted = self.early.get_mut(&origin).and_then(|early| early.remove(&position));
                adopted.into_iter().for_each(|early| self.append(self.own.clone(), early.value));
            }),
        }
    }
}

impl OriginLogs {
    /// The empty logs of a node whose values have this origin.
    pub(super) fn new(own: Origin) -> Self {
        let (values, logs, vector, total, early) = Default::default();
        Self { own, values, logs, vector, total, early }
    }

    /// The origin of the values that clients send to this node.
    pub(super) fn own(&self) -> &Origin {
        &self.own
    }

    /// Tells if a value is there.
    pub(super) fn contains(&self, value: &Json) -> bool {
        self.values.contains(value)
    }

    /// Tells if something in these deltas is new.
    pub(super) fn lacks(&self, deltas: &[Delta]) -> bool {
        deltas.iter().any(|delta| delta.end() > self.vector.length(&delta.origin))
    }

    /// All values, in order of arrival.
    pub(super) fn values(&self) -> impl Iterator<Item = &Json> {
        self.values.iter()
    }

    /// This node's version vector.
    pub(super) fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// The length of all logs together.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// The part of this node's own log that a vector covers.
    pub(super) fn own_length(&self, vector: &VersionVector) -> usize {
        vector.length(&self.own)
    }

    /// Adds a value from a client, if it is new.
    fn add(&mut self, value: Json) {
        if self.values.insert(value.clone()) {
            self.append(self.own.clone(), value);
        }
    }

    /// Adds the values that another node sent.
    fn receive(&mut self, Delta { origin, first, values }: Delta) {
        if first.checked_add(values.len()).is_none() {
            // No log is that long.
            return;
        }
        for (position, value) in (first..).zip(values) {
            self.values.insert(value.clone());
            if position > self.vector.length(&origin) {
                let early = self.early.or_default(origin.clone());
                early.or_insert_with(position, || Early { value, age: 0 });
            } else if position == self.vector.length(&origin) {
                self.append(origin.clone(), value);
            }
        }
        let is_next = |(first, _): &(usize, Early)| *first <= self.vector.length(&origin);
        let is_due = self.early.get(&origin).is_some_and(|early| early.first().is_none_or(is_next));
        if is_due && let Some(early) = self.early.remove(&origin) {
            let mut still = SortedMap::new();
            for (position, waiting) in early {
                let length = self.vector.length(&origin);
                if position == length {
                    self.append(origin.clone(), waiting.value);
                } else if position > length {
                    still.insert(position, waiting);
                }
            }
            if !still.is_empty() {
                self.early.insert(origin, still);
            }
        }
    }

    /// Finds the values that wait for their predecessors, once more, and returns the positions of those that have
    /// waited too long.
    pub(super) fn age(&mut self) -> Vec<(Origin, usize)> {
        let mut overdue = Vec::new();
        for (origin, early) in self.early.iter_mut() {
            for (position, waiting) in early.iter_mut() {
                waiting.age += 1;
                if waiting.age > ADOPT {
                    overdue.push((origin.clone(), *position));
                }
            }
        }
        overdue
    }

    /// The values that a node with this vector lacks, as many as fit into a message.
    pub(super) fn beyond(&self, vector: &VersionVector) -> Vec<Delta> {
        let mut room = MAX_VALUES;
        let lacking = self.logs.iter().map(|(origin, log)| (origin, log, vector.length(origin)));
        let lacking = lacking.filter(|(_, log, first)| log.len() > *first);
        lacking.map_while(|(origin, log, first)| delta(origin, log, first, &mut room)).collect()
    }

    /// The values of this node's own log from `first` on, as many as fit into a message.
    pub(super) fn own_beyond(&self, first: usize) -> Option<Delta> {
        delta(&self.own, self.logs.get(&self.own)?, first, &mut MAX_VALUES.clone())
    }

    fn append(&mut self, origin: Origin, value: Json) {
        self.vector.increment(&origin);
        self.logs.or_default(origin).push(value);
        self.total += 1;
    }
}

/// The part of a log from `first` on, as far as there is room.
fn delta(origin: &Origin, log: &[Json], first: usize, room: &mut usize) -> Option<Delta> {
    let values: Vec<_> = log.iter().skip(first).take(*room).cloned().collect();
    *room -= values.len();
    (!values.is_empty()).then(|| Delta { origin: origin.clone(), first, values })
}
