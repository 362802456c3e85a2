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

use glomers_protocol::{Context, NodeId, Payload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How long an answer may take before a batch is sent again.
pub const RETRY: Duration = Duration::from_millis(500);

/// How many entries a batch holds at most.
pub const MOST_ENTRIES: usize = 1000;

/// A node's own entries on their way to its peers, and how far it has those of its peers.
pub struct Feed<T> {
    /// The entries that some peer has not acknowledged.
    entries: VecDeque<(u64, T)>,
    /// The highest number seen: the next entry's is above it.
    clock: u64,
    /// Peers are to know all entries up to this number.
    upto: u64,
    links: BTreeMap<NodeId, Link>,
}

/// What this node and one peer know of each other.
#[derive(Default)]
struct Link {
    /// The peer has this node's entries up to here.
    acknowledged: u64,
    /// This node has the peer's entries up to here.
    received: u64,
    /// The peer waits for an acknowledgement.
    owed: bool,
    /// Until when this node waits for one.
    patience: Duration,
}

/// All entries of its sender with numbers above `after` up to `upto`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Batch<T> {
    after: u64,
    upto: u64,
    /// The sender has all entries of the receiver up to this number.
    heard: u64,
    entries: Vec<(u64, T)>,
}

impl<T: Clone> Feed<T> {
    /// An empty feed to all peers.
    pub fn new(cx: &Context) -> Self {
        let links = cx.peers().map(|peer| (peer.clone(), Link::default())).collect();
        Self { entries: VecDeque::new(), clock: 0, upto: 0, links }
    }

    /// The period in milliseconds at which [`flush`](Self::flush) makes this node send at most one message each
    /// `millis` on average, however many its peers.
    pub fn pace(&self, millis: u64) -> u64 {
        millis * self.links.len().max(1) as u64
    }

    /// Appends an entry and returns its number. It leaves with the next [`flush`](Self::flush).
    pub fn push(&mut self, entry: &T) -> u64 {
        self.clock += 1;
        self.upto = self.clock;
        if !self.links.is_empty() {
            self.entries.push_back((self.clock, entry.clone()));
        }
        self.clock
    }

    /// Appends an entry that makes all earlier ones superfluous, also those that have not reached every peer.
    pub fn supersede(&mut self, entry: &T) {
        self.entries.clear();
        self.push(entry);
    }

    /// Tells the peers, as if by an entry, that no number up to the highest one seen will be used any more.
    pub fn keep_up(&mut self) {
        self.upto = self.clock;
    }

    /// Up to this number no entry of any node is missing or will ever come. It grows if all nodes
    /// [keep up](Self::keep_up).
    pub fn horizon(&self) -> u64 {
        self.links.values().map(|link| link.received).fold(self.clock, u64::min)
    }

    /// The entries of a batch that are new, in order, with their numbers.
    pub fn receive(&mut self, from: &NodeId, batch: Batch<T>) -> Vec<(u64, T)> {
        let Some(link) = self.links.get_mut(from) else { return Vec::new() };
        let known = link.received;
        link.received = known.max(batch.upto);
        link.acknowledged = link.acknowledged.max(batch.heard);
        link.owed |= batch.upto > batch.after;
        link.patience = Duration::ZERO;
        self.clock = self.clock.max(batch.upto);
        batch.entries.into_iter().filter(|(number, _)| *number > known).collect()
    }

    /// Sends every peer what it lacks.
    pub fn flush(&mut self, cx: &Context)
    where
        Batch<T>: Payload,
    {
        self.forget();
        for (peer, link) in &mut self.links {
            if (link.owed || self.upto > link.acknowledged) && cx.now() >= link.patience {
                let (after, heard) = (link.acknowledged, link.received);
                let first = self.entries.partition_point(|(number, _)| *number <= after);
                let entries: Vec<_> = self.entries.range(first..).take(MOST_ENTRIES).cloned().collect();
                let last = entries.last().filter(|_| entries.len() == MOST_ENTRIES);
                let upto = last.map_or(self.upto, |(number, _)| *number);
                cx.send(peer, &Batch { after, upto, heard, entries });
                link.owed = false;
                link.patience = cx.now() + RETRY;
            }
        }
    }

    /// Drops the entries that all peers have.
    fn forget(&mut self) {
        let everywhere = self.links.values().map(|link| link.acknowledged).fold(self.upto, u64::min);
        while self.entries.pop_front_if(|(number, _)| *number <= everywhere).is_some() {}
    }
}
