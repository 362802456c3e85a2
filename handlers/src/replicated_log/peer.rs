//! What a member knows of one other: the link to it, what is to be sent to it, and how far it has come.

use super::{
    Pid,
    configuration::Id,
    link::{Event, Link},
    member::Paxos,
    packet::{Begin, Entry, Log, Loose, Packet},
};
use glomers_protocol::{Context, NodeId, Payload};
use omnipaxos::{
    ballot_leader_election::Ballot,
    messages::{
        Message,
        sequence_paxos::{Accepted, PaxosMessage, PaxosMsg},
    },
};
use std::{fmt::Debug, time::Duration};

/// After what time a member that was told of the configuration, and is not heard, is told again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Peer<C: Clone + Debug> {
    id: NodeId,
    link: Link<Vec<PaxosMsg<Entry<C>>>>,
    /// What is to be sent to it.
    pub(super) ordered: Vec<PaxosMsg<Entry<C>>>,
    pub(super) loose: Loose<C>,
    /// A command of its clients has been executed, which it may not know.
    pub(super) is_waiting: bool,
    /// It is to be told of the configuration.
    is_behind: bool,
    told: Option<Duration>,
    /// How far its log was accepted, and in which ballot.
    accepted: Option<(Ballot, usize)>,
    /// How many entries of the log it has executed.
    pub(super) executed: usize,
}

impl<C: Clone + Debug> Peer<C> {
    pub(super) fn new(id: &NodeId, is_behind: bool) -> Self {
        let (link, ordered, loose, id) = (Link::default(), Vec::new(), Loose::default(), id.clone());
        Self { id, link, ordered, loose, is_waiting: false, is_behind, told: None, accepted: None, executed: 0 }
    }

    /// Takes in what it has sent.
    pub(super) fn receive(&mut self, paxos: &mut Paxos<C>, from: Pid, to: Pid, log: Log<C>, now: Duration) {
        if let Some(accepted) = log.loose.accepted.filter(|accepted| self.accept(accepted)) {
            let msg = PaxosMsg::Accepted(accepted);
            paxos.handle_incoming(Message::SequencePaxos(PaxosMessage { from, to, msg }));
        }
        self.is_behind = false;
        self.link.receive(log.ordered, now);
        self.hear(paxos, from, to, now);
        // Else a message that was sent before could still ask for what is cut off the log.
        if self.link.is_complete() {
            self.executed = self.executed.max(log.executed);
        }
    }

    /// Whether this is farther than before. OmniPaxos would take the last message for the farthest.
    fn accept(&mut self, Accepted { n, accepted_idx }: &Accepted) -> bool {
        let is_farther = self.accepted.is_none_or(|before| before < (*n, *accepted_idx));
        if is_farther {
            self.accepted = Some((*n, *accepted_idx));
        }
        is_farther
    }

    /// Hands over what is next on the link.
    pub(super) fn hear(&mut self, paxos: &mut Paxos<C>, from: Pid, to: Pid, now: Duration) {
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

    /// When it was last heard as a member, if ever.
    pub(super) fn heard(&self) -> Option<Duration> {
        self.link.heard()
    }

    /// It seems not to know of the configuration.
    pub(super) fn miss(&mut self, now: Duration) {
        self.is_behind |= self.heard().is_none() && self.told.is_none_or(|told| now >= told + RETRY);
    }

    /// Sends what there is, unless it can wait for more.
    pub(super) fn flush(&mut self, cx: &Context, id: Id, begin: Option<&Begin>, executed: usize)
    where
        Packet<C>: Payload,
    {
        let begin = begin.filter(|_| std::mem::take(&mut self.is_behind)).cloned();
        let is_urgent = self.is_waiting || self.ordered.iter().any(|msg| !matches!(msg, PaxosMsg::Decide(_)));
        let has_news = !self.loose.is_empty() || is_urgent && !self.ordered.is_empty();
        if has_news || begin.is_some() {
            self.told = begin.as_ref().map(|_| cx.now()).or(self.told);
            let ordered = std::mem::take(&mut self.ordered);
            let ordered = self.link.pack((!ordered.is_empty()).then_some(ordered));
            let loose = std::mem::take(&mut self.loose);
            cx.send(&self.id, &Packet::Log(Log { id, begin, ordered, loose, executed }));
            self.is_waiting = false;
        }
    }
}

/// Whether a leader answers what this node said before it got on: OmniPaxos would take entries back that are `decided`.
fn is_outdated<C: Clone + Debug>(msg: &PaxosMsg<Entry<C>>, decided: usize) -> bool {
    matches!(msg, PaxosMsg::AcceptSync(sync) if sync.log_sync.sync_idx < decided)
}
