//! One node's part: its commands, OmniPaxos, and the state machine.

use super::{KEPT, Packet, Pid, StateMachine, TICK, packet::Proposal, peer::Peer, pid};
use futures::channel::oneshot;
use glomers_protocol::{Context, ErrorCode, NodeId, Payload, RpcError};
use omnipaxos::{
    ClusterConfig, OmniPaxos, ServerConfig,
    messages::{
        Message,
        ballot_leader_election::BLEMessage,
        sequence_paxos::{PaxosMessage, PaxosMsg},
    },
    util::LogEntry,
};
use omnipaxos_storage::memory_storage::MemoryStorage;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    time::Duration,
};

/// How many ticks a round of heartbeats takes. A leader that is lost is replaced in the third round at the latest.
const ROUND: u64 = 25;

/// How many ticks OmniPaxos waits for an answer. Losses are reported to it, so this is a last resort; if it were shorter
/// than the way there and back, a second answer would undo the first.
const RESEND: u64 = 100;

/// How long a node that is not heard counts as there: two rounds.
const SILENCE: Duration = Duration::from_millis(2 * ROUND * TICK);

/// After what time a command is sent again.
const RETRY: Duration = Duration::from_millis(500);

pub(super) type Paxos<C> = OmniPaxos<Proposal<C>, MemoryStorage<Proposal<C>>>;

pub(super) struct Replica<M: StateMachine> {
    pid: Pid,
    /// Nothing if there is one node only: it agrees with itself.
    pub(super) paxos: Option<Paxos<M::Command>>,
    peers: BTreeMap<Pid, Peer<M::Command>>,
    machine: M,
    /// How many entries of the log have been executed.
    executed: usize,
    origins: BTreeMap<Pid, Origin>,
    /// How many commands clients have given to this node.
    numbers: u64,
    /// Those that are not settled.
    pending: BTreeMap<u64, Pending<M>>,
    /// Where they are sent.
    leader: Option<Pid>,
    /// What this node, as the leader, has not appended yet.
    queue: Vec<Proposal<M::Command>>,
    appended: Duration,
}

/// Which commands of a node have been executed.
#[derive(Default)]
struct Origin {
    settled: u64,
    executed: BTreeSet<u64>,
}

/// A client's command.
struct Pending<M: StateMachine> {
    command: M::Command,
    answer: oneshot::Sender<M::Output>,
    /// When it was last sent.
    sent: Option<Duration>,
}

impl<M: StateMachine> Replica<M> {
    pub(super) fn new(cx: &Context) -> Self {
        let pid_of = |id: &NodeId| pid(cx, id).expect("the node and its peers are among all nodes");
        let peers: BTreeMap<_, _> = cx.peers().map(|id| (pid_of(id), Peer::new(id))).collect();
        let pid = pid_of(cx.id());
        Self {
            pid,
            paxos: (!peers.is_empty()).then(|| paxos(pid, peers.len() + 1)),
            peers,
            machine: M::default(),
            executed: 0,
            origins: BTreeMap::new(),
            numbers: 0,
            pending: BTreeMap::new(),
            leader: None,
            queue: Vec::new(),
            appended: Duration::ZERO,
        }
    }

    pub(super) fn propose(&mut self, command: M::Command, answer: oneshot::Sender<M::Output>) -> u64 {
        self.numbers += 1;
        self.pending.insert(self.numbers, Pending { command, answer, sent: None });
        self.numbers
    }

    pub(super) fn give_up(&mut self, number: u64) -> RpcError {
        match self.pending.remove(&number).and_then(|pending| pending.sent) {
            None => RpcError::new(ErrorCode::TemporarilyUnavailable, "no leader that hears a majority"),
            Some(_) => RpcError::new(ErrorCode::Timeout, "the command was sent, but not executed in time"),
        }
    }

    pub(super) fn receive(&mut self, from: Pid, packet: Packet<M::Command>, now: Duration) {
        let (Some(paxos), Some(peer)) = (&mut self.paxos, self.peers.get_mut(&from)) else { return };
        self.queue.extend(packet.loose.proposals);
        for msg in packet.loose.heartbeats {
            paxos.handle_incoming(Message::BLE(BLEMessage { from, to: self.pid, msg }));
        }
        if let Some(accepted) = packet.loose.accepted.filter(|accepted| peer.accept(accepted)) {
            let msg = PaxosMsg::Accepted(accepted);
            paxos.handle_incoming(Message::SequencePaxos(PaxosMessage { from, to: self.pid, msg }));
        }
        peer.link.receive(packet.ordered, now);
        peer.hear(paxos, from, self.pid, now);
        // Else a message that was sent before could still ask for what is cut off the log.
        if peer.link.is_complete() {
            peer.executed = peer.executed.max(packet.executed);
        }
    }

    pub(super) fn tick(&mut self, now: Duration) {
        let Some(paxos) = &mut self.paxos else { return };
        for (from, peer) in &mut self.peers {
            peer.hear(paxos, *from, self.pid, now);
        }
        paxos.tick();
        let everywhere = self.peers.values().map(|peer| peer.executed).fold(self.executed, usize::min);
        if everywhere >= paxos.get_compacted_idx() + KEPT {
            // Only the leader can, and if it is not ready for it, there is a next tick.
            let _ = paxos.trim(Some(everywhere));
        }
    }

    /// Does whatever can be done now.
    pub(super) fn proceed(&mut self, cx: &Context)
    where
        Packet<M::Command>: Payload,
    {
        let now = cx.now();
        let leader = self.present_leader(now);
        let before = std::mem::replace(&mut self.leader, leader);
        self.propose_due(now, before != leader);
        self.append(now);
        self.execute_decided();
        self.sort_out();
        for peer in self.peers.values_mut() {
            peer.flush(cx, self.executed);
        }
    }

    /// The leader, if it is worth sending to.
    fn present_leader(&self, now: Duration) -> Option<Pid> {
        let Some(paxos) = &self.paxos else { return Some(self.pid) };
        let (leader, _) = paxos.get_current_leader()?;
        let is_here = |peer: &Peer<_>| peer.link.heard() + SILENCE > now;
        let is_present = match self.peers.get(&leader) {
            Some(peer) => is_here(peer),
            None => self.peers.values().filter(|peer| is_here(peer)).count() >= self.peers.len().div_ceil(2),
        };
        is_present.then_some(leader)
    }

    /// Sends the leader the commands that it does not know, or may not know.
    fn propose_due(&mut self, now: Duration, leader_is_new: bool) {
        let Some(leader) = self.leader else { return };
        let settled = self.pending.first_key_value().map_or(self.numbers, |(first, _)| first - 1);
        let proposals = self.peers.get_mut(&leader).map_or(&mut self.queue, |peer| &mut peer.loose.proposals);
        for (number, pending) in &mut self.pending {
            if leader_is_new || pending.sent.is_none_or(|sent| now >= sent + RETRY) {
                pending.sent = Some(now);
                let command = pending.command.clone();
                proposals.push(Proposal { origin: self.pid, number: *number, settled, command });
            }
        }
    }

    /// Appends what has come together, unless this node is not the leader, or has commands under way.
    fn append(&mut self, now: Duration) {
        if self.leader != Some(self.pid) {
            return self.queue.clear();
        }
        let Some(paxos) = &mut self.paxos else {
            return std::mem::take(&mut self.queue).into_iter().for_each(|proposal| self.execute(proposal));
        };
        let is_ready = paxos.get_current_leader() == Some((self.pid, true));
        let is_idle = paxos.get_accepted_idx() == paxos.get_decided_idx();
        if is_ready && (is_idle || now >= self.appended + Duration::from_millis(TICK)) {
            self.appended = now;
            for proposal in self.queue.drain(..) {
                paxos.append(proposal).expect("the cluster is never reconfigured");
            }
        }
    }

    fn execute_decided(&mut self) {
        let decided = self.paxos.as_ref().and_then(|paxos| paxos.read_decided_suffix(self.executed));
        for entry in decided.into_iter().flatten() {
            if let LogEntry::Decided(proposal) = entry {
                self.executed += 1;
                self.execute(proposal);
            }
        }
    }

    fn execute(&mut self, Proposal { origin, number, settled, command }: Proposal<M::Command>) {
        if let Some(peer) = self.peers.get_mut(&origin) {
            peer.is_waiting = true;
        }
        if !self.origins.entry(origin).or_default().is_first(number, settled) {
            return;
        }
        let output = self.machine.execute(command);
        if origin == self.pid
            && let Some(pending) = self.pending.remove(&number)
        {
            // Who waits may have given up just now.
            let _ = pending.answer.send(output);
        }
    }

    /// Gives each peer the messages for it.
    fn sort_out(&mut self) {
        let mut messages = Vec::new();
        if let Some(paxos) = &mut self.paxos {
            paxos.take_outgoing_messages(&mut messages);
        }
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
    }
}

impl Origin {
    /// Notes that a command is executed; `false` if it must not be.
    fn is_first(&mut self, number: u64, settled: u64) -> bool {
        let is_first = number > self.settled && self.executed.insert(number);
        if settled > self.settled {
            self.settled = settled;
            self.executed = self.executed.split_off(&(settled + 1));
        }
        is_first
    }
}

/// OmniPaxos for one of `count` nodes.
fn paxos<C: Clone + Debug>(pid: Pid, count: usize) -> Paxos<C> {
    let cluster = ClusterConfig { configuration_id: 1, nodes: (1..=count as Pid).collect(), flexible_quorum: None };
    let server = ServerConfig {
        pid,
        election_tick_timeout: ROUND,
        resend_message_tick_timeout: RESEND,
        ..ServerConfig::default()
    };
    cluster.build_for_server(server, MemoryStorage::default()).expect("the configuration is valid")
}
