//! A member's state about one other member: the link to it, the messages for it, and its progress.

use super::{
    configuration::{ConfigurationId, Pid},
    entry::Entry,
    link::{Event, Link},
    packet::{Begin, Log, Packet, Unordered},
    storage::Paxos,
};
use glomers_protocol::{Context, NodeId};
use omnipaxos::{
    ballot_leader_election::Ballot,
    messages::{
        Message,
        sequence_paxos::{Accepted, PaxosMessage, PaxosMsg},
    },
};
use std::time::Duration;

/// The time after which a silent member is sent the configuration again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Peer {
    id: NodeId,
    link: Link<Vec<PaxosMsg<Entry>>>,
    /// The messages for it that must arrive in order.
    pub(super) ordered: Vec<PaxosMsg<Entry>>,
    pub(super) unordered: Unordered,
    /// Set if a command of its clients has been executed and it may not know yet.
    pub(super) is_waiting: bool,
    /// Set if it must be sent the configuration.
    is_behind: bool,
    announced: Option<Duration>,
    /// The ballot and position up to which it has accepted the log.
    accepted: Option<(Ballot, usize)>,
    /// The number of entries of the log that it has executed.
    pub(super) executed: usize,
}

impl Peer {
    /// A peer of the process with this number.
    pub(super) fn new(id: &NodeId, process: u64, is_behind: bool) -> Self {
        let (link, ordered, unordered, id) = (Link::new(process), Vec::new(), Unordered::default(), id.clone());
        Self {
            id,
            link,
            ordered,
            unordered,
            is_waiting: false,
            is_behind,
            announced: None,
            accepted: None,
            executed: 0,
        }
    }

    /// Tells if a message was sent by an earlier process of it.
    pub(super) fn has_ended(&self, log: &Log) -> bool {
        self.link.is_outdated(&log.ordered)
    }

    /// Handles a message from it.
    pub(super) fn receive(&mut self, paxos: &mut Paxos, from: Pid, to: Pid, log: Log, now: Duration) {
        if let Some(accepted) = log.unordered.accepted.filter(|accepted| self.accept(accepted)) {
            let msg = PaxosMsg::Accepted(accepted);
            paxos.handle_incoming(Message::SequencePaxos(PaxosMessage { from, to, msg }));
        }
        self.is_behind = false;
        self.link.receive(log.ordered, now);
        self.hear(paxos, from, to, now);
        // Otherwise an earlier message could still ask for entries that are trimmed from the log.
        if self.link.is_complete() {
            self.executed = self.executed.max(log.executed);
        }
    }

    /// Tells if this position is beyond the last one. OmniPaxos would take the last message for the farthest.
    fn accept(&mut self, Accepted { n, accepted_idx }: &Accepted) -> bool {
        let is_farther = self.accepted.is_none_or(|before| before < (*n, *accepted_idx));
        if is_farther {
            self.accepted = Some((*n, *accepted_idx));
        }
        is_farther
    }

    /// Hands the next contents of the link to OmniPaxos.
    pub(super) fn hear(&mut self, paxos: &mut Paxos, from: Pid, to: Pid, now: Duration) {
        while let Some(event) = self.link.next(now) {
            match event {
                Event::Loss => paxos.reconnected(from),
                Event::Content(messages) => {
                    for msg in messages {
                        if !is_outdated(&msg, paxos.get_decided_idx()) {
                            paxos.handle_incoming(Message::SequencePaxos(PaxosMessage { from, to, msg }));
                        }
                    }
                }
            }
        }
    }

    /// The time of its last message as a member, if there was one.
    pub(super) fn heard(&self) -> Option<Duration> {
        self.link.heard()
    }

    /// Notes that it does not seem to know the configuration.
    pub(super) fn miss(&mut self, now: Duration) {
        self.is_behind |= self.heard().is_none() && self.announced.is_none_or(|announced| now >= announced + RETRY);
    }

    /// Sends the pending messages, unless they can wait for more.
    pub(super) fn flush(&mut self, cx: &Context, id: ConfigurationId, begin: Option<&Begin>, executed: usize) {
        let begin = begin.filter(|_| std::mem::take(&mut self.is_behind)).cloned();
        let is_urgent = self.is_waiting || self.ordered.iter().any(|msg| !matches!(msg, PaxosMsg::Decide(_)));
        let has_news = !self.unordered.is_empty() || is_urgent && !self.ordered.is_empty();
        if has_news || begin.is_some() {
            self.announced = begin.as_ref().map(|_| cx.now()).or(self.announced);
            let ordered = std::mem::take(&mut self.ordered);
            let ordered = self.link.pack((!ordered.is_empty()).then_some(ordered));
            let unordered = std::mem::take(&mut self.unordered);
            cx.send(&self.id, &Packet::Log(Log { id, begin, ordered, unordered, executed }));
            self.is_waiting = false;
        }
    }
}

/// Tells if a leader answers a message that this node sent before it had progressed. OmniPaxos would then take back
/// entries that are `decided`.
fn is_outdated(msg: &PaxosMsg<Entry>, decided: usize) -> bool {
    matches!(msg, PaxosMsg::AcceptSync(sync) if sync.log_sync.sync_idx < decided)
}
