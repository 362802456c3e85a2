//! What a node knows of one other: the link to it, what is to be sent to it, and how far it has come.

use super::{
    Pid,
    link::{Event, Link},
    packet::{Loose, Packet, Proposal},
    replica::Paxos,
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

pub(super) struct Peer<C: Clone + Debug> {
    id: NodeId,
    pub(super) link: Link<Vec<PaxosMsg<Proposal<C>>>>,
    /// What is to be sent to it.
    pub(super) ordered: Vec<PaxosMsg<Proposal<C>>>,
    pub(super) loose: Loose<C>,
    /// A command of its clients has been executed, which it may not know.
    pub(super) is_waiting: bool,
    /// How far its log was accepted, and in which ballot.
    accepted: Option<(Ballot, usize)>,
    /// How many entries of the log it has executed.
    pub(super) executed: usize,
}

impl<C: Clone + Debug> Peer<C> {
    pub(super) fn new(id: &NodeId) -> Self {
        let (link, ordered, loose) = (Link::default(), Vec::new(), Loose::default());
        Self { id: id.clone(), link, ordered, loose, is_waiting: false, accepted: None, executed: 0 }
    }

    /// Whether this is farther than before. OmniPaxos would take the last message for the farthest.
    pub(super) fn accept(&mut self, Accepted { n, accepted_idx }: &Accepted) -> bool {
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

    /// Sends what there is, unless it can wait for more.
    pub(super) fn flush(&mut self, cx: &Context, executed: usize)
    where
        Packet<C>: Payload,
    {
        let is_urgent = self.is_waiting || self.ordered.iter().any(|msg| !matches!(msg, PaxosMsg::Decide(_)));
        let is_empty = self.ordered.is_empty() && self.loose.is_empty();
        if !is_empty && (is_urgent || !self.loose.is_empty()) {
            let ordered = std::mem::take(&mut self.ordered);
            let ordered = self.link.pack((!ordered.is_empty()).then_some(ordered));
            cx.send(&self.id, &Packet { ordered, loose: std::mem::take(&mut self.loose), executed });
            self.is_waiting = false;
        }
    }
}

/// Whether a leader answers what this node said before it got on: OmniPaxos would take entries back that are `decided`.
fn is_outdated<C: Clone + Debug>(msg: &PaxosMsg<Proposal<C>>, decided: usize) -> bool {
    matches!(msg, PaxosMsg::AcceptSync(sync) if sync.log_sync.sync_idx < decided)
}
