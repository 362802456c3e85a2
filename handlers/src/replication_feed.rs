//! A replication feed: reliable broadcast in batches. Every entry that a node appends to its feed reaches every peer
//! once and in order, even if the network loses, delays, duplicates or reorders messages.
//!
//! # Batches without gaps
//!
//! Entries are numbered in ascending order. A batch holds *all* entries with numbers above `after` up to `upto`, and
//! `after` is the number that the peer has acknowledged. So a receiver never waits for a gap to be filled: after a
//! batch it has everything up to `upto`, and it skips entries that it already had by their numbers. The next batch
//! repeats what is still unacknowledged, so a partition only delays.
//!
//! Each batch also acknowledges the entries that came the other way. Under load this makes one message per tick and
//! peer, however many entries it carries. A tick without anything new to send or to acknowledge sends nothing. An
//! unanswered batch holds back the next one for [`RETRY`] at most; without this, latencies longer than a tick would
//! cause the same entries to be sent many times. So an entry leaves with the next tick or, if latencies are longer than
//! ticks, when the batch before it is answered. A batch holds at most [`MAX_ENTRIES`]: the backlog of a long partition
//! is sent in several batches, each after the previous one is acknowledged.
//!
//! The numbers form a Lamport clock: an entry's number is above that of every entry received before it.
//!
//! Entries wait, travel and are stored in their encoded form. So an entry is encoded once, however often it is sent, and
//! the feed is compiled once for all types of entries.
//!
//! # Restarts
//!
//! A node that kept its feed on a disk goes on with it after a restart
//! ([`SharedState`](crate::shared_state::SharedState)). Any other restarted node has an empty memory, and its numbers
//! start again. So the state kept about a peer belongs to one *incarnation* of it, a random number that every batch
//! carries. When a node hears an incarnation for the first time, it sends it everything it knows, from all nodes, in
//! one batch. To make itself known, each node sends a batch soon after its start. Entries that an earlier incarnation
//! had not sent are lost. Until a restarted node has heard from a peer, its numbers may be ones that were used
//! before.

use glomers_protocol::{Context, Json, NodeId, rand::Rng};
use schemars::{JsonSchema, r#gen::SchemaGenerator, schema::Schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use std::{collections::VecDeque, marker::PhantomData, time::Duration};

/// The time after which an unanswered batch is sent again.
pub const RETRY: Duration = Duration::from_millis(500);

/// The largest number of entries in a batch, not counting those for a restarted node.
pub const MAX_ENTRIES: usize = 1000;

/// One incarnation of a node: a random number drawn at its start.
pub type Incarnation = u64;

/// A node's own entries on their way to its peers, and its progress with the entries of its peers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplicationFeed {
    incarnation: Incarnation,
    /// The entries that some peer has not acknowledged.
    entries: VecDeque<(u64, Json)>,
    /// The highest number seen. The next entry gets a higher one.
    clock: u64,
    /// The number up to which peers must learn all entries.
    upto: u64,
    /// The peers in the order of their names.
    links: Vec<(NodeId, Link)>,
}

/// The state shared between this node and one peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    /// The incarnation heard last; 0 before the first batch.
    incarnation: Incarnation,
    incarnations: Vec<(Incarnation, Progress)>,
    /// Set while the peer waits for an acknowledgement.
    #[serde(skip)]
    ack_due: bool,
    /// The time before which no batch is sent, because an acknowledgement may still come.
    #[serde(skip)]
    hold_until: Duration,
}

/// The progress of this node and one incarnation of a peer with each other's entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    /// The peer has this node's entries up to this number.
    acknowledged: u64,
    /// This node has the peer's entries up to this number.
    received: u64,
    /// Entries for this incarnation alone: everything that was known before it started.
    catch_up: VecDeque<(u64, Json)>,
}

/// All entries of the sender with numbers above `after` up to `upto`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Batch {
    incarnation: Incarnation,
    after: u64,
    upto: u64,
    /// The receiver's incarnation that the sender last heard (0 if none), and the number up to which the sender has its
    /// entries.
    heard: (Incarnation, u64),
    entries: Vec<(u64, Json)>,
}

/// A batch as the message of a handler whose entries decode as `T`: a type of its own, with a schema.
#[derive(Debug, Serialize)]
#[serde(transparent, bound = "")]
pub struct BatchOf<T> {
    /// The batch.
    pub batch: Batch,
    #[serde(skip)]
    entries: PhantomData<fn() -> T>,
}

impl<T> From<Batch> for BatchOf<T> {
    fn from(batch: Batch) -> Self {
        Self { batch, entries: PhantomData }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for BatchOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Batch::deserialize(deserializer)?.checked::<T, _>().map(Self::from)
    }
}

/// All entries of the sender with numbers above `after` up to `upto`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it stands for a schema and is never constructed")]
struct Shape<T> {
    incarnation: Incarnation,
    after: u64,
    upto: u64,
    /// The receiver's incarnation that the sender last heard (0 if none), and the number up to which the sender has its
    /// entries.
    heard: (Incarnation, u64),
    entries: Vec<(u64, T)>,
}

impl<T: JsonSchema> JsonSchema for BatchOf<T> {
    fn schema_name() -> String {
        Shape::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Shape::<T>::json_schema(generator)
    }
}

impl Batch {
    /// The incarnation of the sender.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The batch, if each of its entries decodes as `T`. Otherwise nothing of it is received, so the sender keeps them.
    pub(crate) fn checked<T: DeserializeOwned, E: de::Error>(self) -> Result<Self, E> {
        for (number, entry) in &self.entries {
            entry.decode::<T>().map_err(|error| E::custom(format_args!("entry {number} is {entry}: {error}")))?;
        }
        Ok(self)
    }
}

impl Default for Link {
    fn default() -> Self {
        let incarnations = vec![(0, Progress::default())];
        Self { incarnation: 0, incarnations, ack_due: false, hold_until: Duration::ZERO }
    }
}

impl Link {
    /// The index of the progress with an incarnation, if that was heard.
    fn position(&self, incarnation: Incarnation) -> Option<usize> {
        self.incarnations.iter().position(|(other, _)| *other == incarnation)
    }

    fn progress(&self) -> &Progress {
        let position = self.position(self.incarnation).expect("the present incarnation has an entry");
        &self.incarnations[position].1
    }
}

impl ReplicationFeed {
    /// An empty feed to all peers.
    pub fn new(cx: &Context) -> Self {
        let mut links: Vec<_> = cx.peers().map(|peer| (peer.clone(), Link::default())).collect();
        links.sort_by(|(left, _), (right, _)| left.cmp(right));
        Self { incarnation: cx.rng().next_u64(), entries: VecDeque::new(), clock: 0, upto: 0, links }
    }

    /// This node's incarnation.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// The period in milliseconds at which to send [batches](Self::batches), so that this node sends at most one
    /// message per `millis` on average, whatever the number of peers.
    pub fn pace(&self, millis: u64) -> u64 {
        millis * self.links.len().max(1) as u64
    }

    /// Returns true if another node receives the entries.
    pub fn has_peers(&self) -> bool {
        !self.links.is_empty()
    }

    /// The number of the next entry.
    pub fn next(&self) -> u64 {
        self.clock + 1
    }

    /// Appends an entry and returns its number. The entry is in the next [batches](Self::batches).
    pub fn push(&mut self, entry: impl FnOnce() -> Json) -> u64 {
        self.clock += 1;
        self.upto = self.clock;
        if self.has_peers() {
            self.entries.push_back((self.clock, entry()));
        }
        self.clock
    }

    /// Appends an entry that replaces all earlier ones, including those that have not reached every peer.
    pub fn supersede(&mut self, entry: Json) {
        self.entries.clear();
        self.push(|| entry);
    }

    /// Promises the peers, as an entry would, that this node will not use any number up to the highest one seen.
    pub fn advance(&mut self) {
        self.upto = self.clock;
    }

    /// The low watermark: up to this number no entry of any node is missing and none will be added, unless a node
    /// restarts. It rises if all nodes [advance](Self::advance).
    pub fn low_watermark(&self) -> u64 {
        self.links.iter().map(|(_, link)| link.progress().received).fold(self.clock, u64::min)
    }

    /// Returns the new entries of a batch in order, with their numbers. A sender that has restarted will be sent `all`,
    /// which is everything that this node knows of all nodes.
    pub fn receive(&mut self, from: &NodeId, batch: Batch, all: &dyn Fn() -> Vec<Json>) -> Vec<(u64, Json)> {
        let Some(place) = self.place(from) else { return Vec::new() };
        let link = &mut self.links[place].1;
        self.clock = self.clock.max(batch.upto);
        let position = link.position(batch.incarnation).unwrap_or_else(|| {
            let mut progress = Progress::default();
            if link.incarnation != 0 {
                progress.catch_up = (self.clock + 1..).zip(all()).collect();
                progress.acknowledged = self.upto;
                self.clock += progress.catch_up.len() as u64;
            }
            link.incarnations.push((batch.incarnation, progress));
            link.incarnations.len() - 1
        });
        link.incarnation = batch.incarnation;
        link.ack_due |= batch.upto > batch.after;
        link.hold_until = Duration::ZERO;
        let progress = &mut link.incarnations[position].1;
        let known = progress.received;
        progress.received = known.max(batch.upto);
        if batch.heard.0 == self.incarnation {
            progress.acknowledged = progress.acknowledged.max(batch.heard.1);
            let acknowledged = progress.acknowledged;
            while progress.catch_up.pop_front_if(|(number, _)| *number <= acknowledged).is_some() {}
        }
        batch.entries.into_iter().filter(|(number, _)| *number > known).collect()
    }

    /// Returns true if a batch changes more than acknowledgements: it has or promises entries that have not been
    /// received, or comes from an incarnation that is not known.
    pub fn is_news(&self, from: &NodeId, batch: &Batch) -> bool {
        let Some(place) = self.place(from) else { return false };
        let link = &self.links[place].1;
        let last = batch.entries.last().map_or(batch.upto, |(number, _)| batch.upto.max(*number));
        link.position(batch.incarnation).is_none_or(|position| last > link.incarnations[position].1.received)
    }

    /// The batches to send at the time `now`: for every peer the entries that it lacks, and an empty batch for peers
    /// that were never heard.
    pub fn batches(&mut self, now: Duration) -> Vec<(NodeId, Batch)> {
        self.drop_acknowledged();
        let mut batches = Vec::new();
        for (peer, link) in &mut self.links {
            let Progress { acknowledged: after, received, catch_up } = link.progress();
            let upto = catch_up.back().map_or(self.upto, |(last, _)| self.upto.max(*last));
            if (link.ack_due || link.incarnation == 0 || upto > *after) && now >= link.hold_until {
                let first = self.entries.partition_point(|(number, _)| number <= after);
                let lacking: Vec<_> = self.entries.range(first..).take(MAX_ENTRIES).cloned().collect();
                let last = lacking.last().filter(|_| lacking.len() == MAX_ENTRIES);
                let (after, upto) = (*after, last.map_or(upto, |(number, _)| *number));
                let entries = catch_up.iter().cloned().chain(lacking).collect();
                let heard = (link.incarnation, *received);
                batches.push((peer.clone(), Batch { incarnation: self.incarnation, after, upto, heard, entries }));
                link.ack_due = false;
                link.hold_until = now + RETRY;
            }
        }
        batches
    }

    /// The index of the link to a peer.
    fn place(&self, peer: &NodeId) -> Option<usize> {
        self.links.binary_search_by(|(other, _)| other.cmp(peer)).ok()
    }

    /// Drops the entries that all peers have.
    fn drop_acknowledged(&mut self) {
        let everywhere = self.links.iter().map(|(_, link)| link.progress().acknowledged).fold(self.upto, u64::min);
        while self.entries.pop_front_if(|(number, _)| *number <= everywhere).is_some() {}
    }
}
