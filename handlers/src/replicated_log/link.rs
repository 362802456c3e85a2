//! A link to one peer that delivers what is sent in order and once, and tells of losses: what a session of TCP gives to
//! a protocol that was made for it, over a network that loses, doubles and reorders.
//!
//! What is sent is numbered. What comes early waits for what was sent before it; what was delivered or given up is
//! passed over. What is still missing after [`PATIENCE`] is given up, and counts as a loss. Nothing is sent again: a
//! protocol above that knows what its peer lacks says it shorter.
//!
//! Packets without content have the number of the content before them. So if any packet comes through, its receiver
//! knows what it has missed. Each carries its sender's count of losses as well, so both ends come to know of each one.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How long a link waits for what was sent before what has come.
pub const PATIENCE: Duration = Duration::from_millis(400);

/// One node's end of a link.
#[derive(Debug)]
pub struct Link<T> {
    /// The number of the last content sent.
    sent: u64,
    /// The number of the last content delivered or given up.
    taken: u64,
    /// The highest number that was heard of.
    known: u64,
    /// What came before its turn.
    early: BTreeMap<u64, T>,
    /// Since when the next content is missing, if it is.
    missing_since: Duration,
    /// How often content from the peer was lost.
    losses: u64,
    /// How often content to the peer was lost, as it says.
    losses_of_peer: u64,
    /// The peer has told of a loss.
    is_told: bool,
    /// When the peer was last heard.
    heard: Option<Duration>,
}

/// What goes over the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Packet<T> {
    number: u64,
    losses: u64,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    content: Option<T>,
}

/// What a link has for its node.
#[derive(Debug)]
pub enum Event<T> {
    /// What was sent next.
    Content(T),
    /// Something was lost, in one direction or the other.
    Loss,
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        let (early, is_told, missing_since, heard) = (BTreeMap::new(), false, Duration::ZERO, None);
        Self { sent: 0, taken: 0, known: 0, early, missing_since, losses: 0, losses_of_peer: 0, is_told, heard }
    }
}

impl<T> Link<T> {
    /// The next packet to the peer.
    pub fn pack(&mut self, content: Option<T>) -> Packet<T> {
        self.sent += u64::from(content.is_some());
        Packet { number: self.sent, losses: self.losses, content }
    }

    /// Takes in a packet from the peer. Then [`next`](Self::next) is to be called.
    pub fn receive(&mut self, packet: Packet<T>, now: Duration) {
        self.heard = Some(now);
        self.is_told |= packet.losses > self.losses_of_peer;
        self.losses_of_peer = self.losses_of_peer.max(packet.losses);
        if self.is_complete() {
            self.missing_since = now;
        }
        self.known = self.known.max(packet.number);
        if let Some(content) = packet.content.filter(|_| packet.number > self.taken) {
            self.early.insert(packet.number, content);
        }
    }

    /// What happened next on this link; to be called until there is nothing, after each packet and now and then.
    pub fn next(&mut self, now: Duration) -> Option<Event<T>> {
        if std::mem::take(&mut self.is_told) {
            return Some(Event::Loss);
        }
        if let Some(content) = self.early.remove(&(self.taken + 1)) {
            self.taken += 1;
            self.missing_since = now;
            return Some(Event::Content(content));
        }
        if self.is_complete() || now < self.missing_since + PATIENCE {
            return None;
        }
        self.taken = self.early.first_key_value().map_or(self.known, |(first, _)| first - 1);
        self.missing_since = now;
        self.losses += 1;
        Some(Event::Loss)
    }

    /// Whether nothing is missing of what was sent before any packet that has come.
    pub fn is_complete(&self) -> bool {
        self.taken == self.known
    }

    /// When the peer was last heard, if ever.
    pub fn heard(&self) -> Option<Duration> {
        self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that happens now, a loss as `None`.
    fn events(link: &mut Link<u64>, now: Duration) -> Vec<Option<u64>> {
        let event = |event| match event {
            Event::Content(content) => Some(content),
            Event::Loss => None,
        };
        std::iter::from_fn(|| link.next(now).map(event)).collect()
    }

    /// What the receiver is told at once and after its patience, and the sender by the receiver's next packet, if of
    /// what is sent (`None` is a packet without content) the packets with these places arrive in this order.
    #[track_caller]
    fn check(
        sent: &[Option<u64>],
        arrive: &[usize],
        now: &[Option<u64>],
        later: &[Option<u64>],
        sender: &[Option<u64>],
    ) {
        let (mut from, mut to) = (Link::default(), Link::default());
        let packets: Vec<_> = sent.iter().map(|content| from.pack(*content)).collect();
        arrive.iter().for_each(|place| to.receive(packets[*place].clone(), Duration::ZERO));
        assert_eq!(events(&mut to, Duration::ZERO), now);
        assert_eq!(to.is_complete(), later.is_empty());
        assert_eq!(events(&mut to, PATIENCE), later);
        from.receive(to.pack(None), PATIENCE);
        assert_eq!(events(&mut from, PATIENCE), sender);
    }

    #[test]
    fn in_order_and_once() {
        let sent = [Some(1), Some(2), Some(3)];
        for arrive in [&[0, 1, 2][..], &[2, 0, 1], &[1, 1, 0, 0, 2, 1]] {
            check(&sent, arrive, &sent, &[], &[]);
        }
    }

    #[test]
    fn losses_are_told_to_both_ends() {
        let sent = [Some(1), Some(2), Some(3)];
        check(&sent, &[0, 2], &[Some(1)], &[None, Some(3)], &[None]);
        check(&sent, &[2], &[], &[None, Some(3)], &[None]);
    }

    #[test]
    fn a_packet_without_content_tells_of_those_before_it() {
        check(&[Some(1), None], &[1], &[], &[None], &[None]);
        check(&[Some(1), None], &[1, 0], &[Some(1)], &[], &[]);
        check(&[None, None], &[1], &[], &[], &[]);
    }

    #[test]
    fn what_was_given_up_comes_too_late() {
        let (mut from, mut to) = (Link::default(), Link::default());
        let [first, second] = [1, 2].map(|content| from.pack(Some(content)));
        to.receive(second, Duration::ZERO);
        assert_eq!(events(&mut to, PATIENCE), [None, Some(2)]);
        to.receive(first, PATIENCE);
        assert_eq!(events(&mut to, 2 * PATIENCE), []);
    }
}
