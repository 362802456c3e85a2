//! A node's part in one configuration: OmniPaxos among lives that do not end and begin again, and how the next
//! configuration comes about.
//!
//! A node that starts again asks the members to be taken in. The leader then appends the *end* of this log, with the
//! lives that go on: the new one in the place of the one before. It is decided like any entry, by a majority of these
//! lives. Who executes it has what the next configuration begins with, and tells those who lack it.
//!
//! Only a node that has seen this very configuration is taken in, so it was alive after this one had begun: it is later
//! than the life that has its place here, and no message that a still earlier life has sent can bring that one back.

use super::{
    KEPT, Pid, TICK,
    configuration::{Configuration, Life},
    packet::{Begin, Entry, Hello, Log, Packet, Proposal},
    peer::Peer,
};
use glomers_protocol::{Context, Json, Payload};
use omnipaxos::{
    ClusterConfig, OmniPaxos, ServerConfig,
    ballot_leader_election::Ballot,
    messages::{
        Message,
        ballot_leader_election::BLEMessage,
        sequence_paxos::{PaxosMessage, PaxosMsg},
    },
    util::LogEntry,
};
use omnipaxos_storage::memory_storage::MemoryStorage;
use std::{collections::BTreeMap, fmt::Debug, time::Duration};

/// How many ticks a round of heartbeats takes. A leader that is lost is replaced in the third round at the latest.
const ROUND: u64 = 25;

/// How many ticks OmniPaxos waits for an answer. Losses are reported to it, so this is a last resort; if it were shorter
/// than the way there and back, a second answer would undo the first.
const RESEND: u64 = 100;

/// How long a node that is not heard counts as there: two rounds.
const SILENCE: Duration = Duration::from_millis(2 * ROUND * TICK);

pub(super) type Paxos<C> = OmniPaxos<Entry<C>, MemoryStorage<Entry<C>>>;

pub(super) struct Member<C: Clone + Debug> {
    pid: Pid,
    pub(super) configuration: Configuration,
    /// The state that the configuration began with, until all members are heard.
    begin: Option<Begin>,
    paxos: Paxos<C>,
    peers: BTreeMap<Pid, Peer<C>>,
    /// How many entries of the log have been executed.
    executed: usize,
    /// Lives that want to be taken in.
    joining: BTreeMap<Pid, Life>,
    /// In which ballot the end of the log was appended last, and with which lives.
    ended: Option<(Ballot, Vec<Life>)>,
    /// When the leader last appended something.
    appended: Duration,
}

impl<C: Clone + Debug> Member<C> {
    /// One of a configuration. Who `leads` tells those who are `new`, and is the first leader if it is not too slow.
    pub(super) fn new(cx: &Context, configuration: Configuration, state: Json, new: &[Pid], leads: bool) -> Self {
        let pids = || (1..).zip(cx.ids());
        let peers = pids().filter(|(_, id)| *id != cx.id());
        let peers: BTreeMap<_, _> = peers.map(|(pid, id)| (pid, Peer::new(id, leads && new.contains(&pid)))).collect();
        let pid = pids().find(|(_, id)| *id == cx.id()).map_or(0, |(pid, _)| pid);
        let mut paxos = paxos(pid, peers.len() + 1, leads);
        if leads {
            paxos.try_become_leader();
        }
        let begin = Some(Begin { lives: configuration.lives.clone(), state });
        let (joining, ended, appended) = (BTreeMap::new(), None, Duration::ZERO);
        Self { pid, configuration, begin, paxos, peers, executed: 0, joining, ended, appended }
    }

    pub(super) fn receive(&mut self, from: Pid, mut log: Log<C>, now: Duration) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        for msg in log.loose.heartbeats.drain(..) {
            self.paxos.handle_incoming(Message::BLE(BLEMessage { from, to: self.pid, msg }));
        }
        peer.receive(&mut self.paxos, from, self.pid, log, now);
        if self.peers.values().all(|peer| peer.heard().is_some()) {
            self.begin = None;
        }
    }

    /// Takes in what a node says that takes no part, and answers it.
    pub(super) fn hear(&mut self, from: Pid, hello: &Hello, now: Duration) -> Option<Hello> {
        let seen = Some(self.configuration.id);
        if self.configuration.life(from) == Some(hello.life) {
            self.miss(from, now);
        } else if hello.seen == seen {
            self.joining.insert(from, hello.life);
            self.replace_leader();
        }
        let life = self.configuration.life(self.pid).filter(|_| hello.asks)?;
        Some(Hello { life, asks: false, seen, promised: None, instead: hello.promised })
    }

    /// This node speaks as if it did not know of the configuration.
    pub(super) fn miss(&mut self, from: Pid, now: Duration) {
        if let Some(peer) = self.peers.get_mut(&from) {
            peer.miss(now);
        }
    }

    /// Takes the place of the leader if that has ended, and this is the first of those that have not.
    fn replace_leader(&mut self) {
        let has_ended = |pid: &Pid| self.joining.contains_key(pid);
        let is_free = self.paxos.get_current_leader().is_some_and(|(leader, _)| has_ended(&leader));
        let successor = self.peers.keys().copied().chain([self.pid]).filter(|pid| !has_ended(pid)).min();
        if is_free && successor == Some(self.pid) {
            self.paxos.try_become_leader();
        }
    }

    pub(super) fn tick(&mut self, now: Duration) {
        for (from, peer) in &mut self.peers {
            peer.hear(&mut self.paxos, *from, self.pid, now);
        }
        self.paxos.tick();
        let everywhere = self.peers.values().map(|peer| peer.executed).fold(self.executed, usize::min);
        if everywhere >= self.paxos.get_compacted_idx() + KEPT {
            // Only the leader can, and if it is not ready for it, there is a next tick.
            let _ = self.paxos.trim(Some(everywhere));
        }
    }

    /// The leader, if it is worth sending to.
    pub(super) fn present_leader(&self, now: Duration) -> Option<Pid> {
        let (leader, _) = self.paxos.get_current_leader()?;
        let is_here = |peer: &Peer<_>| peer.heard().is_some_and(|heard| heard + SILENCE > now);
        let is_present = match self.peers.get(&leader) {
            Some(peer) => is_here(peer),
            None => self.peers.values().filter(|peer| is_here(peer)).count() >= self.peers.len().div_ceil(2),
        };
        is_present.then_some(leader)
    }

    /// What is to be proposed to another node.
    pub(super) fn proposals_to(&mut self, leader: Pid) -> Option<&mut Vec<Proposal<C>>> {
        self.peers.get_mut(&leader).map(|peer| &mut peer.loose.proposals)
    }

    /// Appends what has come together, unless commands are under way, or this node is not the leader yet.
    pub(super) fn append(&mut self, queue: &mut Vec<Proposal<C>>, now: Duration) {
        let is_ready = self.paxos.get_current_leader() == Some((self.pid, true));
        let is_idle = self.paxos.get_accepted_idx() == self.paxos.get_decided_idx();
        if is_ready && (is_idle || now >= self.appended + Duration::from_millis(TICK)) {
            self.appended = now;
            queue.drain(..).map(Entry::Do).chain(self.end()).for_each(|entry| {
                self.paxos.append(entry).expect("OmniPaxos is never reconfigured");
            });
        }
    }

    /// The end of the log, if nodes want to be taken in that were not before.
    fn end(&mut self) -> Option<Entry<C>> {
        let lives = (!self.joining.is_empty()).then(|| self.configuration.lives_with(&self.joining))?;
        let end = Some((self.paxos.get_promise(), lives.clone()));
        let is_new = self.ended != end;
        self.ended = end;
        is_new.then_some(Entry::End(lives))
    }

    /// What was decided since this was last asked.
    pub(super) fn decided(&mut self) -> Vec<Entry<C>> {
        let decided = self.paxos.read_decided_suffix(self.executed);
        let entries = decided.into_iter().flatten().filter_map(|entry| match entry {
            LogEntry::Decided(entry) => Some(entry),
            _ => None,
        });
        let entries: Vec<_> = entries.collect();
        self.executed += entries.len();
        entries
    }

    /// A command of this origin has been executed: its clients wait.
    pub(super) fn has_executed_for(&mut self, origin: Pid) {
        if let Some(peer) = self.peers.get_mut(&origin) {
            peer.is_waiting = true;
        }
    }

    /// What follows if the log has ended: whether this node leads, which nodes are new, and the configuration.
    pub(super) fn next(&mut self, lives: Vec<Life>) -> (bool, Vec<Pid>, Configuration) {
        self.peers.values_mut().for_each(|peer| peer.is_waiting = true);
        let leads = self.paxos.get_current_leader() == Some((self.pid, true));
        let new = self.configuration.changed(&lives).collect();
        (leads, new, self.configuration.next(lives))
    }

    /// Who wants to be taken in, and is not in the configuration that follows.
    pub(super) fn left_out(&self, next: &Configuration) -> Vec<Pid> {
        let is_out = |(pid, life): &(&Pid, &Life)| next.life(**pid) != Some(**life);
        self.joining.iter().filter(is_out).map(|(pid, _)| *pid).collect()
    }

    /// Sends each peer what there is for it.
    pub(super) fn flush(&mut self, cx: &Context)
    where
        Packet<C>: Payload,
    {
        let mut messages = Vec::new();
        self.paxos.take_outgoing_messages(&mut messages);
        for message in messages {
            let Some(peer) = self.peers.get_mut(&message.get_receiver()) else { continue };
            match message {
                Message::BLE(heartbeat) => peer.loose.heartbeats.push(heartbeat.msg),
                Message::SequencePaxos(PaxosMessage { msg: PaxosMsg::Accepted(accepted), .. }) => {
                    peer.loose.accepted = Some(accepted);
                }
                Message::SequencePaxos(message) => peer.ordered.push(message.msg),
            }
        }
        for peer in self.peers.values_mut() {
            peer.flush(cx, self.configuration.id, self.begin.as_ref(), self.executed);
        }
    }

    /// How many entries of the log are stored.
    pub(super) fn stored(&self) -> usize {
        self.paxos.get_accepted_idx() - self.paxos.get_compacted_idx()
    }
}

/// OmniPaxos for one of `count` nodes. The node that is to lead has a priority over others that were not elected.
fn paxos<C: Clone + Debug>(pid: Pid, count: usize, leads: bool) -> Paxos<C> {
    let cluster = ClusterConfig { configuration_id: 1, nodes: (1..=count as Pid).collect(), flexible_quorum: None };
    let server = ServerConfig {
        pid,
        election_tick_timeout: ROUND,
        resend_message_tick_timeout: RESEND,
        leader_priority: u32::from(leads),
        ..ServerConfig::default()
    };
    cluster.build_for_server(server, MemoryStorage::default()).expect("the configuration is valid")
}
