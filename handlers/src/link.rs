//! A link to one peer that delivers packets once and in the order they were sent, and tells of losses: what a session of
//! TCP gives to a protocol that was made for it, over a network that loses, doubles and reorders.
//!
//! Packets are numbered. One that comes early waits for those before it; one that was taken or given up before is
//! passed over. What is still missing after [`PATIENCE`] is given up, and counts as a loss. Nothing is sent again: a
//! protocol above that knows what its peer lacks says it shorter.
//!
//! Each packet carries its sender's count of losses, so both ends come to know of each one: also the sender of a packet
//! that was lost.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How long packets wait for one that was sent before them.
pub const PATIENCE: Duration = Duration::from_millis(400);

/// One node's end of a link.
#[derive(Debug)]
pub struct Link<T> {
    /// How many packets were sent.
    sent: u64,
    /// How many packets were taken or given up.
    taken: u64,
    /// Packets that came before their predecessors, by number.
    early: BTreeMap<u64, Packet<T>>,
    /// Since when the next packet is missing.
    missing_since: Duration,
    /// How often packets from the peer were lost.
    losses: u64,
    /// How often packets to the peer were lost, as it says.
    losses_of_peer: u64,
    /// When the peer was last heard.
    heard: Duration,
}

/// A numbered packet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Packet<T> {
    number: u64,
    losses: u64,
    /// What is transported.
    pub content: T,
}

/// What a link has for its node.
#[derive(Debug)]
pub enum Event<T> {
    /// The next packet's content.
    Content(T),
    /// Packets were lost, in one direction or the other.
    Loss,
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        let (early, missing_since, heard) = (BTreeMap::new(), Duration::ZERO, Duration::ZERO);
        Self { sent: 0, taken: 0, early, missing_since, losses: 0, losses_of_peer: 0, heard }
    }
}

impl<T> Link<T> {
    /// The next packet to the peer.
    pub fn pack(&mut self, content: T) -> Packet<T> {
        self.sent += 1;
        Packet { number: self.sent, losses: self.losses, content }
    }

    /// When the peer was last heard; zero before.
    pub fn heard(&self) -> Duration {
        self.heard
    }

    /// Takes in a packet that has come, and says whether it is new. Then [`next`](Self::next) is to be called.
    pub fn receive(&mut self, packet: Packet<T>, now: Duration) -> bool {
        self.heard = now;
        let is_new = packet.number > self.taken && !self.early.contains_key(&packet.number);
        if is_new {
            if self.early.is_empty() {
                self.missing_since = now;
            }
            self.early.insert(packet.number, packet);
        }
        is_new
    }

    /// What happened next on this link; to be called until there is nothing, after each packet and now and then.
    pub fn next(&mut self, now: Duration) -> Option<Event<T>> {
        let first = self.early.first_entry()?;
        if *first.key() > self.taken + 1 {
            if now < self.missing_since + PATIENCE {
                return None;
            }
            self.taken = *first.key() - 1;
            self.losses += 1;
            return Some(Event::Loss);
        }
        if first.get().losses > self.losses_of_peer {
            self.losses_of_peer = first.get().losses;
            return Some(Event::Loss);
        }
        self.taken += 1;
        self.missing_since = now;
        Some(Event::Content(first.remove().content))
    }
}
