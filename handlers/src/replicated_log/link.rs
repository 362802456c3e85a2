//! A reliable link to one peer: it delivers contents in order and once, and reports losses. It gives a protocol that
//! was made for TCP sessions the same guarantees over a network that loses, duplicates and reorders messages.
//!
//! Contents are numbered. Contents that arrive early wait for their predecessors; those that were delivered or given up
//! are skipped. Contents that are still missing after [`GAP_TIMEOUT`] are given up and count as a loss. The link sends
//! nothing again: the protocol above knows what its peer lacks, and can say it in fewer bytes.
//!
//! A packet without content has the number of the content before it. So any packet that arrives tells its receiver what
//! it has missed. Each packet also carries its sender's count of losses, so both ends learn of every loss.
//!
//! A process that ends forgets its end of the link. If it is started again as the same member, both ends begin a new
//! *session*: they number from 1 again, and what was under way is lost. Each packet names the processes of its sender
//! and its receiver by number. A packet from a later process begins a session, which counts as a loss at the end that
//! stayed; one from an earlier process is ignored. A packet to an earlier process has no place in the session, so its
//! content is ignored; its sender learns of the new process from the next packet.

use glomers_json::SortedMap;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The time that a link waits for missing contents.
pub const GAP_TIMEOUT: Duration = Duration::from_millis(400);

/// One node's end of a link.
#[derive(Debug)]
pub struct Link<T> {
    /// The number of processes of this node before this one.
    process: u64,
    /// The same of the peer, as far as it was heard.
    process_of_peer: u64,
    /// The number of the last content sent.
    sent: u64,
    /// The number of the last content delivered or given up.
    taken: u64,
    /// The highest number that was heard of.
    known: u64,
    /// Contents that arrived before their predecessors.
    early: SortedMap<u64, T>,
    /// The time since which the next content is missing, if it is.
    missing_since: Duration,
    /// The number of losses on the way from the peer.
    losses: u64,
    /// The number of losses on the way to the peer, as it reports.
    losses_of_peer: u64,
    /// Set if the peer has reported a loss.
    has_reported: bool,
    /// The time of the peer's last packet.
    heard: Option<Duration>,
}

/// A message on the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Packet<T> {
    /// The numbers of the sender's process and of the receiver's.
    #[serde(default, skip_serializing_if = "is_first")]
    processes: (u64, u64),
    number: u64,
    losses: u64,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    content: Option<T>,
}

/// Tells if neither process had one before it. It is left out then, as always without disks.
fn is_first(processes: &(u64, u64)) -> bool {
    *processes == (0, 0)
}

/// An event on a link.
#[derive(Debug)]
pub enum Event<T> {
    /// The next content.
    Content(T),
    /// A loss, in one direction or the other.
    Loss,
}

impl<T> Link<T> {
    /// A link of a process with this number, to a peer of which nothing was heard.
    pub fn new(process: u64) -> Self {
        Self {
            process,
            process_of_peer: 0,
            sent: 0,
            taken: 0,
            known: 0,
            early: SortedMap::new(),
            missing_since: Duration::ZERO,
            losses: 0,
            losses_of_peer: 0,
            has_reported: false,
            heard: None,
        }
    }

    /// The next packet to the peer.
    pub fn pack(&mut self, content: Option<T>) -> Packet<T> {
        self.sent += u64::from(content.is_some());
        Packet { processes: (self.process, self.process_of_peer), number: self.sent, losses: self.losses, content }
    }

    /// Tells if a packet comes from an earlier process than others before it.
    pub fn is_outdated(&self, packet: &Packet<T>) -> bool {
        packet.processes.0 < self.process_of_peer
    }

    /// Handles a packet from the peer. Call [`next`](Self::next) afterwards.
    pub fn receive(&mut self, packet: Packet<T>, now: Duration) {
        if self.is_outdated(&packet) {
            return;
        }
        self.heard = Some(now);
        let (process_of_peer, process) = packet.processes;
        if process_of_peer > self.process_of_peer {
            let new = Self::new(self.process);
            *self = Self { process_of_peer, has_reported: true, heard: self.heard, ..new };
        }
        if process != self.process {
            return;
        }
        self.has_reported |= packet.losses > self.losses_of_peer;
        self.losses_of_peer = self.losses_of_peer.max(packet.losses);
        if self.is_complete() {
            self.missing_since = now;
        }
        self.known = self.known.max(packet.number);
        if let Some(content) = packet.content.filter(|_| packet.number > self.taken) {
            self.early.insert(packet.number, content);
        }
    }

    /// The next event on this link. Call it until it returns `None`, after each packet and regularly in between.
    pub fn next(&mut self, now: Duration) -> Option<Event<T>> {
        if std::mem::take(&mut self.has_reported) {
            return Some(Event::Loss);
        }
        if let Some(content) = self.early.remove(&(self.taken + 1)) {
            self.taken += 1;
            self.missing_since = now;
            return Some(Event::Content(content));
        }
        if self.is_complete() || now < self.missing_since + GAP_TIMEOUT {
            return None;
        }
        self.taken = self.early.first().map_or(self.known, |(first, _)| first - 1);
        self.missing_since = now;
        self.losses += 1;
        Some(Event::Loss)
    }

    /// Tells if every content sent before the received packets has arrived or was given up.
    pub fn is_complete(&self) -> bool {
        self.taken == self.known
    }

    /// The time of the peer's last packet, if there was one.
    pub fn heard(&self) -> Option<Duration> {
        self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All events at this time, a loss as `None`.
    fn events(link: &mut Link<u64>, now: Duration) -> Vec<Option<u64>> {
        let event = |event| match event {
            Event::Content(content) => Some(content),
            Event::Loss => None,
        };
        std::iter::from_fn(|| link.next(now).map(event)).collect()
    }

    /// Sends these contents (`None` is a packet without content), of which the packets with these positions arrive in
    /// this order. Compares the receiver's events at once and after the timeout, and the sender's events after the
    /// receiver's next packet.
    #[track_caller]
    fn check(
        sent: &[Option<u64>],
        arrive: &[usize],
        now: &[Option<u64>],
        later: &[Option<u64>],
        sender: &[Option<u64>],
    ) {
        let (mut from, mut to) = (Link::new(0), Link::new(0));
        let packets: Vec<_> = sent.iter().map(|content| from.pack(*content)).collect();
        arrive.iter().for_each(|place| to.receive(packets[*place].clone(), Duration::ZERO));
        assert_eq!(events(&mut to, Duration::ZERO), now);
        assert_eq!(to.is_complete(), later.is_empty());
        assert_eq!(events(&mut to, GAP_TIMEOUT), later);
        from.receive(to.pack(None), GAP_TIMEOUT);
        assert_eq!(events(&mut from, GAP_TIMEOUT), sender);
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
        let (mut from, mut to) = (Link::new(0), Link::new(0));
        let [first, second] = [1, 2].map(|content| from.pack(Some(content)));
        to.receive(second, Duration::ZERO);
        assert_eq!(events(&mut to, GAP_TIMEOUT), [None, Some(2)]);
        to.receive(first, GAP_TIMEOUT);
        assert_eq!(events(&mut to, 2 * GAP_TIMEOUT), []);
    }
    /// Passes the next packet from one end to the other, which has these events then.
    fn pass(from: &mut Link<u64>, to: &mut Link<u64>, content: Option<u64>) -> Vec<Option<u64>> {
        to.receive(from.pack(content), Duration::ZERO);
        events(to, Duration::ZERO)
    }

    #[test]
    fn a_new_process_begins_a_session() {
        let (mut stays, mut ends) = (Link::new(4), Link::new(0));
        assert_eq!(pass(&mut stays, &mut ends, None), [None], "its process is not the first");
        assert_eq!(pass(&mut ends, &mut stays, Some(1)), [Some(1)]);
        let late = [stays.pack(Some(2)), ends.pack(Some(3))];
        let mut ends = Link::new(1);
        assert_eq!(pass(&mut ends, &mut stays, Some(4)), [None], "it was sent before the other's process was known");
        let [to_the_former, from_the_former] = late;
        ends.receive(to_the_former, Duration::ZERO);
        assert_eq!(events(&mut ends, Duration::ZERO), [None]);
        assert!(stays.is_outdated(&from_the_former));
        stays.receive(from_the_former, Duration::ZERO);
        assert_eq!(events(&mut stays, GAP_TIMEOUT), []);
        assert_eq!(pass(&mut stays, &mut ends, Some(5)), [Some(5)]);
        assert_eq!(pass(&mut ends, &mut stays, Some(6)), [Some(6)]);
    }
}
