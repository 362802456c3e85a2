//! What a node knows and how two nodes find out who lacks what: values in one log for each origin, and vectors that say
//! how far somebody has them.
//!
//! An *origin* is one life of a node: its id and a number drawn at its start. What clients give a node is appended to
//! its own log, so an origin never gives one place to two values, not even if the node starts again and has forgotten
//! everything. Everybody's copy of a log is a beginning of it; so a length for each log says exactly what somebody has,
//! and what somebody lacks is the rest, whoever it came from. Nothing has to be remembered of earlier exchanges, and
//! what comes twice, late or in the wrong order does no harm.
//!
//! A value that comes before others of its log can be read at once; it is appended when these have come. If they do not
//! come, because they were lost together with the only node that had them, it is [adopted](Knowledge::adopt).

use foldhash::fast::FixedState;
use glomers_protocol::{Context, Json, NodeId, rand::RngExt};
use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How many values a message holds at most.
pub(super) const MOST_VALUES: usize = 1000;

/// How long a value waits for those before it until it is adopted.
const ADOPT: Duration = Duration::from_secs(10);

/// One life of a node.
pub(super) type Origin = NodeId;

/// How many values of each origin somebody has.
pub(super) type Vector = BTreeMap<Origin, usize>;

/// A part of an origin's log.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Excerpt {
    origin: Origin,
    /// How many values come before.
    first: usize,
    values: Vec<Json>,
}

impl Excerpt {
    /// How many values of its origin somebody has who gets it.
    pub(super) fn upto(&self) -> usize {
        self.first + self.values.len()
    }
}

/// All that a node knows.
pub(super) struct Knowledge {
    own: Origin,
    values: IndexSet<Json, FixedState>,
    logs: BTreeMap<Origin, Vec<Json>>,
    vector: Vector,
    /// How many values all logs have.
    total: usize,
    /// Values that came before others of their log, and when.
    early: BTreeMap<(Origin, usize), (Duration, Json)>,
}

impl Knowledge {
    /// Of a node that has just started.
    pub(super) fn new(cx: &Context) -> Self {
        let own = NodeId::from(format!("{}.{:x}", cx.id(), cx.rng().random::<u32>()));
        let (values, logs, vector, total, early) = Default::default();
        Self { own, values, logs, vector, total, early }
    }

    /// All values, in the order in which they came.
    pub(super) fn values(&self) -> impl Iterator<Item = &Json> {
        self.values.iter()
    }

    /// What this node has.
    pub(super) fn vector(&self) -> &Vector {
        &self.vector
    }

    /// How many values all logs have.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// How many values of this node's own log somebody has.
    pub(super) fn own_part(&self, vector: &Vector) -> usize {
        part(vector, &self.own)
    }

    /// The values of this node's own log from `first` on.
    pub(super) fn own_from(&self, first: usize) -> &[Json] {
        self.logs.get(&self.own).and_then(|log| log.get(first..)).unwrap_or_default()
    }

    /// Takes in a value from a client, and says whether it is new.
    pub(super) fn add(&mut self, value: Json) -> bool {
        let new = self.values.insert(value.clone());
        if new {
            self.append(self.own.clone(), value);
        }
        new
    }

    /// Takes in what another node says.
    pub(super) fn learn(&mut self, now: Duration, news: Vec<Excerpt>) {
        for Excerpt { origin, first, values } in news {
            if first.checked_add(values.len()).is_none() {
                // No log is that long.
                continue;
            }
            for (place, value) in (first..).zip(values) {
                self.values.insert(value.clone());
                if place > part(&self.vector, &origin) {
                    self.early.entry((origin.clone(), place)).or_insert((now, value));
                } else if place == part(&self.vector, &origin) {
                    self.append(origin.clone(), value);
                }
            }
            while let Some((_, value)) = self.early.remove(&(origin.clone(), part(&self.vector, &origin))) {
                self.append(origin.clone(), value);
            }
            self.early.retain(|(early, place), _| *early != origin || *place > part(&self.vector, &origin));
        }
    }

    /// Passes on as this node's own what has waited too long for the values before it.
    pub(super) fn adopt(&mut self, now: Duration) {
        let ripe: Vec<_> = self.early.extract_if(.., |_, (since, _)| now >= *since + ADOPT).collect();
        ripe.into_iter().for_each(|(_, (_, value))| self.append(self.own.clone(), value));
    }

    /// Whether there is more here than somebody has.
    pub(super) fn exceeds(&self, vector: &Vector) -> bool {
        exceeds(&self.vector, vector)
    }

    /// Whether somebody has more.
    pub(super) fn lacks(&self, vector: &Vector) -> bool {
        exceeds(vector, &self.vector)
    }

    /// What somebody lacks, as much as fits into a message.
    pub(super) fn beyond(&self, vector: &Vector) -> Vec<Excerpt> {
        let mut room = MOST_VALUES;
        let lacking = self.logs.iter().map(|(origin, log)| (origin, log, part(vector, origin)));
        let lacking = lacking.filter(|(_, log, first)| log.len() > *first);
        lacking.map_while(|(origin, log, first)| excerpt(origin, log, first, &mut room)).collect()
    }

    /// What this node's own log has from `first` on, as much as fits into a message.
    pub(super) fn own_beyond(&self, first: usize) -> Option<Excerpt> {
        excerpt(&self.own, self.logs.get(&self.own)?, first, &mut MOST_VALUES.clone())
    }

    fn append(&mut self, origin: Origin, value: Json) {
        *self.vector.entry(origin.clone()).or_default() += 1;
        self.logs.entry(origin).or_default().push(value);
        self.total += 1;
    }
}

fn part(vector: &Vector, origin: &Origin) -> usize {
    vector.get(origin).copied().unwrap_or_default()
}

/// Walks along both at the same time: this is asked for every link at every tick.
fn exceeds(these: &Vector, those: &Vector) -> bool {
    let mut those = those.iter().peekable();
    these.iter().any(|(origin, length)| {
        while those.next_if(|(other, _)| *other < origin).is_some() {}
        *length > those.next_if(|(other, _)| *other == origin).map_or(0, |(_, length)| *length)
    })
}

/// The part of a log from `first`, as far as there is room.
fn excerpt(origin: &Origin, log: &[Json], first: usize, room: &mut usize) -> Option<Excerpt> {
    let values: Vec<_> = log.iter().skip(first).take(*room).cloned().collect();
    *room -= values.len();
    (!values.is_empty()).then(|| Excerpt { origin: origin.clone(), first, values })
}
