//! A node's part in one configuration: OmniPaxos among incarnations that end with their process or, with a disk,
//! continue in the next one; and the transition to the next configuration.
//!
//! With a disk, OmniPaxos recovers from what its storage has, and the messages that follow from a write wait until it
//! is durable. Heartbeats and proposals do not wait: they promise nothing. Nor does the execution of decided entries,
//! which a majority has on its disks.
//!
//! A restarted node asks the members to include it. The leader then appends the *end* of this log, with the
//! incarnations of the next configuration: the new one replaces the node's earlier one. Like any entry it is decided by
//! a majority of this configuration. A node that executes it has the initial state of the next configuration, and sends
//! it to the nodes that lack it.
//!
//! Only a node that has seen this very configuration is included. So it was alive after this configuration had begun:
//! it is later than the incarnation that has its position here, and no message of a still earlier incarnation can bring
//! that one back.

use super::{
    acceptor::Acceptor,
    configuration::{Configuration, Incarnation, Pid},
    entry::{Entry, Proposal},
    journal::{Held, Journal},
    packet::{Begin, Hello, Log},
    past::SavedMember,
    peer::Peer,
    storage::{Paxos, PaxosStorage},
};
use glomers_json::SortedMap;
use glomers_protocol::{Context, Json};
use omnipaxos::{
    ClusterConfig, ServerConfig,
    ballot_leader_election::Ballot,
    messages::{
        Message,
        ballot_leader_election::BLEMessage,
        sequence_paxos::{PaxosMessage, PaxosMsg},
    },
    util::LogEntry,
};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The time between two calls of [`ReplicatedLog::tick`](super::ReplicatedLog::tick), in milliseconds.
pub const TICK: u64 = 20;

/// The largest number of log entries that are kept although all nodes have executed them.
pub const MAX_RETAINED: usize = 1000;

/// The length of a round of heartbeats in ticks. A lost leader is replaced in the third round at the latest.
const ROUND: u64 = 25;

/// The number of ticks that OmniPaxos waits for an answer. Losses are reported to it, so this is a last resort. If it
/// were shorter than a round trip, a second answer would undo the first.
const RESEND: u64 = 100;

/// The number of ticks after which a node with a disk that hears a majority, but follows no leader, claims to lead.
const LEADERLESS: u64 = 4 * ROUND;

/// The time that a node counts as present after its last message: two rounds.
const SILENCE: Duration = Duration::from_millis(2 * ROUND * TICK);

pub(super) struct Member {
    pid: Pid,
    pub(super) configuration: Configuration,
    /// The initial state, kept until all members have been heard.
    begin: Option<Begin>,
    paxos: Paxos,
    acceptor: Rc<RefCell<Acceptor>>,
    journal: Journal,
    /// The record without which this node is no member.
    since: u64,
    /// The messages that wait for the disk.
    held: Held<PaxosMessage<Entry>>,
    peers: SortedMap<Pid, Peer>,
    /// The number of executed entries of the log.
    executed: usize,
    /// The number of them that were durable, and the record with which the present number will be.
    durable: usize,
    mark: (u64, usize),
    /// The incarnations that want to be included.
    joining: SortedMap<Pid, Incarnation>,
    /// The ballot and the incarnations with which the end of the log was last appended.
    ended: Option<(Ballot, Vec<Incarnation>)>,
    /// The number of ticks since this node followed a leader or claimed to be one.
    leaderless: u64,
    /// The time of the leader's last append.
    appended: Duration,
}

impl Member {
    /// A member of a configuration that begins now. The one that `leads` informs the `new` members, and becomes the
    /// first leader unless it is too slow.
    pub(super) fn new(
        cx: &Context,
        journal: &Journal,
        configuration: Configuration,
        state: Json,
        leads: Option<&[Pid]>,
    ) -> Self {
        let saved = SavedMember { configuration, begin: Some(state), acceptor: Acceptor::default(), executed: 0 };
        let mut member = Self::with(cx, journal, saved, leads);
        if leads.is_some() {
            member.paxos.try_become_leader();
        }
        member
    }

    /// A member that continues what an earlier process was.
    pub(super) fn resumed(cx: &Context, journal: &Journal, saved: SavedMember) -> Self {
        Self::with(cx, journal, saved, None)
    }

    fn with(cx: &Context, journal: &Journal, saved: SavedMember, leads: Option<&[Pid]>) -> Self {
        let SavedMember { configuration, begin, acceptor, executed } = saved;
        let pids = || (1..).zip(cx.ids());
        let peers = pids().filter(|(_, id)| *id != cx.id());
        let is_behind = |pid| leads.is_some_and(|new| new.contains(&pid));
        let peers: SortedMap<_, _> =
            peers.map(|(pid, id)| (pid, Peer::new(id, journal.process, is_behind(pid)))).collect();
        let pid = pids().find(|(_, id)| *id == cx.id()).map_or(0, |(pid, _)| pid);
        let acceptor = Rc::new(RefCell::new(acceptor));
        let since = journal.vital();
        Self {
            pid,
            begin: begin.map(|state| Begin { incarnations: configuration.incarnations.clone(), state }),
            configuration,
            paxos: paxos(pid, peers.len() + 1, leads.is_some(), PaxosStorage::new(&acceptor, journal)),
            acceptor,
            journal: journal.clone(),
            since,
            held: Held::default(),
            peers,
            executed,
            durable: executed,
            mark: (since, executed),
            joining: SortedMap::new(),
            ended: None,
            leaderless: 0,
            appended: Duration::ZERO,
        }
    }

    /// Everything that the next process must know.
    pub(super) fn saved(&self) -> SavedMember {
        SavedMember {
            configuration: self.configuration.clone(),
            begin: self.begin.as_ref().map(|begin| begin.state.clone()),
            acceptor: self.acceptor.borrow().clone(),
            executed: self.executed,
        }
    }

    pub(super) fn receive(&mut self, from: Pid, mut log: Log, now: Duration) {
        let Some(peer) = self.peers.get_mut(&from).filter(|peer| !peer.has_ended(&log)) else { return };
        for msg in log.unordered.heartbeats.drain(..) {
            self.paxos.handle_incoming(Message::BLE(BLEMessage { from, to: self.pid, msg }));
        }
        peer.receive(&mut self.paxos, from, self.pid, log, now);
        if self.peers.iter().all(|(_, peer)| peer.heard().is_some()) {
            self.begin = None;
        }
    }

    /// Handles the hello of a node that is not a member, and returns the answer.
    pub(super) fn hear(&mut self, from: Pid, hello: &Hello, now: Duration) -> Option<Hello> {
        let seen = Some(self.configuration.id);
        if self.configuration.incarnation(from) == Some(hello.incarnation) {
            self.miss(from, now);
        } else if hello.seen == seen {
            self.joining.insert(from, hello.incarnation);
            self.replace_leader();
        }
        let incarnation = self.configuration.incarnation(self.pid).filter(|_| hello.asks)?;
        Some(Hello { incarnation, has_lost: false, asks: false, seen, promised: None, replaces: hello.promised })
    }

    /// Notes that a node does not seem to know this configuration.
    pub(super) fn miss(&mut self, from: Pid, now: Duration) {
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.miss(now);
        }
    }

    /// Becomes the leader if the leader has restarted and this is the first node that has not.
    fn replace_leader(&mut self) {
        let has_restarted = |pid: &Pid| self.joining.get(pid).is_some();
        let is_free = self.paxos.get_current_leader().is_some_and(|(leader, _)| has_restarted(&leader));
        let successor =
            self.peers.iter().map(|(pid, _)| *pid).chain([self.pid]).filter(|pid| !has_restarted(pid)).min();
        if is_free && successor == Some(self.pid) {
            self.paxos.try_become_leader();
        }
    }

    pub(super) fn tick(&mut self, now: Duration) {
        for (from, peer) in self.peers.iter_mut() {
            peer.hear(&mut self.paxos, *from, self.pid, now);
        }
        self.paxos.tick();
        self.claim(now);
        let everywhere = self.peers.iter().map(|(_, peer)| peer.executed).fold(self.executed, usize::min);
        if everywhere >= self.paxos.get_compacted_idx() + MAX_RETAINED {
            // Only the leader can trim. If it is not ready, the next tick tries again.
            let _ = self.paxos.trim(Some(everywhere));
        }
    }

    /// Becomes the leader if this node has followed none for long. A process that ended may have left its ballot with
    /// this node only. If the others elect a leader with a lower ballot then, they are content, and this node never
    /// follows it.
    fn claim(&mut self, now: Duration) {
        let is_led = self.paxos.get_current_leader().is_some_and(|(_, is_accepted)| is_accepted);
        self.leaderless = if is_led || !self.journal.has_disk() { 0 } else { self.leaderless + 1 };
        if self.leaderless >= LEADERLESS && self.hears_majority(now) {
            self.leaderless = 0;
            self.paxos.try_become_leader();
        }
    }

    /// The leader, if it was heard recently; for the leader itself, if it hears a majority.
    pub(super) fn present_leader(&self, now: Duration) -> Option<Pid> {
        let (leader, _) = self.paxos.get_current_leader()?;
        let is_present = match self.peers.get(&leader) {
            Some(peer) => is_present(peer, now),
            None => self.hears_majority(now),
        };
        is_present.then_some(leader)
    }

    /// Tells if a majority, this node included, was heard recently.
    fn hears_majority(&self, now: Duration) -> bool {
        self.peers.iter().filter(|(_, peer)| is_present(peer, now)).count() >= self.peers.len().div_ceil(2)
    }

    /// The proposals for another node.
    pub(super) fn proposals_to(&mut self, leader: Pid) -> Option<&mut Vec<Proposal>> {
        self.peers.get_mut(&leader).map(|peer| &mut peer.unordered.proposals)
    }

    /// Appends the queued commands, unless others are not decided yet or this node is not ready to lead.
    pub(super) fn append(&mut self, queue: &mut Vec<Proposal>, now: Duration) {
        let is_ready = self.paxos.get_current_leader() == Some((self.pid, true));
        let is_idle = self.paxos.get_accepted_idx() == self.paxos.get_decided_idx();
        if is_ready && (is_idle || now >= self.appended + Duration::from_millis(TICK)) {
            self.appended = now;
            queue.drain(..).map(Entry::Do).chain(self.end()).for_each(|entry| {
                self.paxos.append(entry).expect("OmniPaxos is never reconfigured");
            });
        }
    }

    /// The end of the log, if nodes want to be included that were not before.
    fn end(&mut self) -> Option<Entry> {
        let incarnations = (!self.joining.is_empty()).then(|| self.configuration.incarnations_with(&self.joining))?;
        let end = Some((self.paxos.get_promise(), incarnations.clone()));
        let is_new = self.ended != end;
        self.ended = end;
        is_new.then_some(Entry::End(incarnations))
    }

    /// The entries decided since the last call.
    pub(super) fn decided(&mut self) -> Vec<Entry> {
        let decided = self.paxos.read_decided_suffix(self.executed);
        let entries = decided.into_iter().flatten().filter_map(|entry| match entry {
            LogEntry::Decided(entry) => Some(entry),
            _ => None,
        });
        let entries: Vec<_> = entries.collect();
        self.executed += entries.len();
        entries
    }

    /// Notes that a command of this origin has been executed, so its client waits.
    pub(super) fn has_executed_for(&mut self, origin: Pid) {
        if let Some(peer) = self.peers.get_mut(&origin) {
            peer.is_waiting = true;
        }
    }

    /// The next configuration, with a flag if this node leads it and the nodes that are new in it.
    pub(super) fn next(&mut self, incarnations: Vec<Incarnation>) -> (bool, Vec<Pid>, Configuration) {
        self.peers.iter_mut().for_each(|(_, peer)| peer.is_waiting = true);
        let leads = self.paxos.get_current_leader() == Some((self.pid, true));
        let new = self.configuration.changed(&incarnations).collect();
        (leads, new, self.configuration.next(incarnations))
    }

    /// The nodes that want to be included and are not in the next configuration.
    pub(super) fn left_out(&self, next: &Configuration) -> Vec<Pid> {
        let is_out = |(pid, incarnation): &&(Pid, Incarnation)| next.incarnation(*pid) != Some(*incarnation);
        self.joining.iter().filter(is_out).map(|(pid, _)| *pid).collect()
    }

    /// Sends each peer its pending messages.
    pub(super) fn flush(&mut self, cx: &Context) {
        let mut messages = Vec::new();
        self.paxos.take_outgoing_messages(&mut messages);
        for message in messages {
            match message {
                Message::BLE(BLEMessage { to, msg, .. }) => {
                    if let Some(peer) = self.peers.get_mut(&to) {
                        peer.unordered.heartbeats.push(msg);
                    }
                }
                Message::SequencePaxos(message) => self.held.push(&self.journal, message),
            }
        }
        while let Some(PaxosMessage { to, msg, .. }) = self.held.next(&self.journal) {
            let Some(peer) = self.peers.get_mut(&to) else { continue };
            match msg {
                PaxosMsg::Accepted(accepted) => peer.unordered.accepted = Some(accepted),
                msg => peer.ordered.push(msg),
            }
        }
        if self.journal.is_stuck(cx.now()) {
            self.peers.iter_mut().for_each(|(_, peer)| peer.unordered.heartbeats.clear());
        } else if self.journal.is_durable(self.since) {
            let executed = self.durably_executed();
            for (_, peer) in self.peers.iter_mut() {
                peer.flush(cx, self.configuration.id, self.begin.as_ref(), executed);
            }
        }
    }

    /// The number of executed entries that this node will not forget.
    fn durably_executed(&mut self) -> usize {
        while self.durable < self.executed && self.journal.is_durable(self.mark.0) {
            self.durable = self.mark.1;
            self.mark = (self.journal.written(), self.executed);
        }
        self.durable
    }

    /// The number of stored entries of the log.
    pub(super) fn stored(&self) -> usize {
        self.paxos.get_accepted_idx() - self.paxos.get_compacted_idx()
    }
}

/// Tells if a peer was heard recently.
fn is_present(peer: &Peer, now: Duration) -> bool {
    peer.heard().is_some_and(|heard| heard + SILENCE > now)
}

/// OmniPaxos for one of `count` nodes. The node that leads has priority over others that were not elected.
fn paxos(pid: Pid, count: usize, leads: bool, storage: PaxosStorage) -> Paxos {
    let cluster = ClusterConfig { configuration_id: 1, nodes: (1..=count as Pid).collect(), flexible_quorum: None };
    let server = ServerConfig {
        pid,
        election_tick_timeout: ROUND,
        resend_message_tick_timeout: RESEND,
        leader_priority: u32::from(leads),
        ..ServerConfig::default()
    };
    cluster.build_for_server(server, storage).expect("the configuration is valid")
}
