//! The values that a node has, in one log per origin, and the exchange of what another node lacks.
//!
//! An *origin* is one incarnation of a node: its id and a number drawn at its start. A node appends the values that
//! clients send it to its own log, so an origin never gives one position to two values, even if the node restarts with
//! an empty memory. Every copy of a log is a prefix of it. So a [version vector](VersionVector), one length per log,
//! says exactly which values a node has, and the rest is what it lacks, whichever node sends it. No earlier exchange
//! has to be remembered, and duplicated, late or reordered messages do no harm.
//!
//! A value that arrives before its predecessors can be read at once. It is appended when they have arrived. If they
//! never arrive, because they were lost with the only node that had them, the value is [adopted](OriginLogs::adopt).

use super::version_vector::{Origin, VersionVector};
use foldhash::fast::FixedState;
use glomers_protocol::{Context, Json, NodeId, rand::RngExt};
use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// The largest number of values in a message.
pub(super) const MAX_VALUES: usize = 1000;

/// The time that a value waits for its predecessors until it is adopted.
const ADOPT: Duration = Duration::from_secs(10);

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
        self.first + self.values.len()
    }
}

/// All values of a node.
#[derive(Debug)]
pub(super) struct OriginLogs {
    own: Origin,
    values: IndexSet<Json, FixedState>,
    logs: BTreeMap<Origin, Vec<Json>>,
    vector: VersionVector,
    /// The length of all logs together.
    total: usize,
    /// Values that arrived before their predecessors, with the time of arrival.
    early: BTreeMap<(Origin, usize), (Duration, Json)>,
}

impl OriginLogs {
    /// The empty logs of a node that has just started.
    pub(super) fn new(cx: &Context) -> Self {
        let own = NodeId::from(format!("{}.{:x}", cx.id(), cx.rng().random::<u32>()));
        let (values, logs, vector, total, early) = Default::default();
        Self { own, values, logs, vector, total, early }
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

    /// The values of this node's own log from `first` on.
    pub(super) fn own_from(&self, first: usize) -> &[Json] {
        self.logs.get(&self.own).and_then(|log| log.get(first..)).unwrap_or_default()
    }

    /// Adds a value from a client, and returns `true` if it is new.
    pub(super) fn add(&mut self, value: Json) -> bool {
        let new = self.values.insert(value.clone());
        if new {
            self.append(self.own.clone(), value);
        }
        new
    }

    /// Adds the values that another node sent.
    pub(super) fn apply(&mut self, now: Duration, deltas: Vec<Delta>) {
        for Delta { origin, first, values } in deltas {
            if first.checked_add(values.len()).is_none() {
                // No log is that long.
                continue;
            }
            for (position, value) in (first..).zip(values) {
                self.values.insert(value.clone());
                if position > self.vector.length(&origin) {
                    self.early.entry((origin.clone(), position)).or_insert((now, value));
                } else if position == self.vector.length(&origin) {
                    self.append(origin.clone(), value);
                }
            }
            while let Some((_, value)) = self.early.remove(&(origin.clone(), self.vector.length(&origin))) {
                self.append(origin.clone(), value);
            }
            self.early.retain(|(early, position), _| *early != origin || *position > self.vector.length(&origin));
        }
    }

    /// Appends to this node's own log the values that have waited too long for their predecessors.
    pub(super) fn adopt(&mut self, now: Duration) {
        let overdue: Vec<_> = self.early.extract_if(.., |_, (since, _)| now >= *since + ADOPT).collect();
        overdue.into_iter().for_each(|(_, (_, value))| self.append(self.own.clone(), value));
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
        self.logs.entry(origin).or_default().push(value);
        self.total += 1;
    }
}

/// The part of a log from `first` on, as far as there is room.
fn delta(origin: &Origin, log: &[Json], first: usize, room: &mut usize) -> Option<Delta> {
    let values: Vec<_> = log.iter().skip(first).take(*room).cloned().collect();
    *room -= values.len();
    (!values.is_empty()).then(|| Delta { origin: origin.clone(), first, values })
}
