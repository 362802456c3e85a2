//! Reliable broadcast in batches: what a node appends to its feed reaches every peer once and in order, whatever the
//! network loses, delays, doubles or reorders.
//!
//! Entries are numbered upwards. A batch holds *all* entries after `after` up to `upto`, and `after` is what the peer
//! has acknowledged. So there is never a gap to wait for: a peer that takes a batch has everything up to `upto`, and
//! skips by their numbers the entries that it had before. What stays unacknowledged is in the next batch again, so a
//! partition only delays.
//!
//! Every batch acknowledges what came the other way. Under load that makes one message a tick and peer, however many
//! the entries; without anything new to say or to acknowledge a tick is silent. A batch that is not answered yet holds
//! back the next one, at most for [`RETRY`]: with latencies above a tick the same entries would else go out many times.
//! So an entry leaves with the next tick, or where latencies are longer than ticks, when the batch before it is
//! answered. A batch holds [`MOST_ENTRIES`] at most: what has piled up in a long partition comes in several, each when
//! the one before is acknowledged.
//!
//! The numbers are Lamport's clock: an entry's number is above that of every entry received before.
//!
//! A node that starts again has an empty memory and numbers that begin anew. So what is known of a peer is known of one
//! *life* of it, which is a random number in every batch. To a life that it hears for the first time, a node sends all
//! that it knows, whoever it came from, in one batch; and for that each node says something soon after its start. What an earlier life
//! told nobody is lost. Until a node that started again has heard a peer, its numbers are not above all that were given.

use glomers_protocol::{Context, NodeId, Payload, rand::Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    time::Duration,
};

/// How long an answer may take before a batch is sent again.
pub const RETRY: Duration = Duration::from_millis(500);

/// How many entries a batch holds at most, besides those for a node that has started again.
pub const MOST_ENTRIES: usize = 1000;

/// One life of a node: a number that it draws when it starts.
pub type Life = u64;

/// A node's own entries on their way to its peers, and how far it has those of its peers.
pub struct Feed<T> {
    life: Life,
    /// The entries that some peer has not acknowledged.
    entries: VecDeque<(u64, T)>,
    /// The highest number seen: the next entry's is above it.
    clock: u64,
    /// Peers are to know all entries up to this number.
    upto: u64,
    links: BTreeMap<NodeId, Link<T>>,
}

/// What this node and one peer know of each other.
struct Link<T> {
    /// The life that was heard last; 0 before.
    life: Life,
    lives: BTreeMap<Life, Progress<T>>,
    /// The peer waits for an acknowledgement.
    owed: bool,
    /// Until when this node waits for one.
    patience: Duration,
}

/// How far this node and one life of a peer have each other's entries.
struct Progress<T> {
    /// The peer has this node's entries up to here.
    acknowledged: u64,
    /// This node has the peer's entries up to here.
    received: u64,
    /// Entries for this life alone: all that was known before it.
    before: BTreeMap<u64, T>,
}

/// All entries of its sender with numbers above `after` up to `upto`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Batch<T> {
    life: Life,
    after: u64,
    upto: u64,
    /// The life of the receiver that is meant, 0 if the sender knows none, and up to which number the sender has its
    /// entries.
    heard: (Life, u64),
    entries: Vec<(u64, T)>,
}

impl<T> Batch<T> {
    /// The life of the node that sent it.
    pub fn life(&self) -> Life {
        self.life
    }
}

impl<T> Default for Progress<T> {
    fn default() -> Self {
        Self { acknowledged: 0, received: 0, before: BTreeMap::new() }
    }
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self { life: 0, lives: BTreeMap::from([(0, Progress::default())]), owed: false, patience: Duration::ZERO }
    }
}

impl<T> Link<T> {
    fn progress(&self) -> &Progress<T> {
        &self.lives[&self.life]
    }

    fn progress_mut(&mut self) -> &mut Progress<T> {
        self.lives.entry(self.life).or_default()
    }
}

impl<T: Clone> Feed<T> {
    /// An empty feed to all peers.
    pub fn new(cx: &Context) -> Self {
        let links = cx.peers().map(|peer| (peer.clone(), Link::default())).collect();
        Self { life: cx.rng().next_u64(), entries: VecDeque::new(), clock: 0, upto: 0, links }
    }

    /// This life of this node.
    pub fn life(&self) -> Life {
        self.life
    }

    /// The period in milliseconds at which [`flush`](Self::flush) makes this node send at most one message each
    /// `millis` on average, however many its peers.
    pub fn pace(&self, millis: u64) -> u64 {
        millis * self.links.len().max(1) as u64
    }

    /// The number that the next entry will have.
    pub fn next(&self) -> u64 {
        self.clock + 1
    }

    /// Appends an entry and returns its number. It leaves with the next [`flush`](Self::flush).
    pub fn push(&mut self, entry: impl FnOnce() -> T) -> u64 {
        self.clock += 1;
        self.upto = self.clock;
        if !self.links.is_empty() {
            self.entries.push_back((self.clock, entry()));
        }
        self.clock
    }

    /// Appends an entry that makes all earlier ones superfluous, also those that have not reached every peer.
    pub fn supersede(&mut self, entry: T) {
        self.entries.clear();
        self.push(|| entry);
    }

    /// Tells the peers, as if by an entry, that no number up to the highest one seen will be used any more.
    pub fn keep_up(&mut self) {
        self.upto = self.clock;
    }

    /// Up to this number no entry of any node is missing or will ever come, unless a node starts again. It grows if all
    /// nodes [keep up](Self::keep_up).
    pub fn horizon(&self) -> u64 {
        self.links.values().map(|link| link.progress().received).fold(self.clock, u64::min)
    }

    /// The entries of a batch that are new, in order, with their numbers. If its sender has started again, it will get
    /// `all`, which is what this node knows of all nodes.
    pub fn receive(&mut self, from: &NodeId, batch: Batch<T>, all: impl FnOnce() -> Vec<T>) -> Vec<(u64, T)> {
        let Some(link) = self.links.get_mut(from) else { return Vec::new() };
        self.clock = self.clock.max(batch.upto);
        if link.life == 0 {
            link.lives.insert(batch.life, Progress::default());
        } else if let Entry::Vacant(unknown) = link.lives.entry(batch.life) {
            let before: BTreeMap<_, _> = (self.clock + 1..).zip(all()).collect();
            self.clock += before.len() as u64;
            unknown.insert(Progress { acknowledged: self.upto, received: 0, before });
        }
        link.life = batch.life;
        link.owed |= batch.upto > batch.after;
        link.patience = Duration::ZERO;
        let progress = link.progress_mut();
        let known = progress.received;
        progress.received = known.max(batch.upto);
        if batch.heard.0 == self.life {
            progress.acknowledged = progress.acknowledged.max(batch.heard.1);
            progress.before = progress.before.split_off(&(progress.acknowledged + 1));
        }
        batch.entries.into_iter().filter(|(number, _)| *number > known).collect()
    }

    /// Sends every peer what it lacks, and those that were never heard at least a word.
    pub fn flush(&mut self, cx: &Context)
    where
        Batch<T>: Payload,
    {
        self.forget();
        for (peer, link) in &mut self.links {
            let Progress { acknowledged: after, received, before } = link.progress();
            let upto = before.last_key_value().map_or(self.upto, |(last, _)| self.upto.max(*last));
            if (link.owed || link.life == 0 || upto > *after) && cx.now() >= link.patience {
                let first = self.entries.partition_point(|(number, _)| number <= after);
                let lacking: Vec<_> = self.entries.range(first..).take(MOST_ENTRIES).cloned().collect();
                let last = lacking.last().filter(|_| lacking.len() == MOST_ENTRIES);
                let (after, upto) = (*after, last.map_or(upto, |(number, _)| *number));
                let before = before.iter().map(|(number, entry)| (*number, entry.clone()));
                let entries = before.chain(lacking).collect();
                let heard = (link.life, *received);
                cx.send(peer, &Batch { life: self.life, after, upto, heard, entries });
                link.owed = false;
                link.patience = cx.now() + RETRY;
            }
        }
    }

    /// Drops the entries that all peers have.
    fn forget(&mut self) {
        let everywhere = self.links.values().map(|link| link.progress().acknowledged).fold(self.upto, u64::min);
        while self.entries.pop_front_if(|(number, _)| *number <= everywhere).is_some() {}
    }
}
