//! A state machine that all nodes have and that executes the same commands in the same order on each: one log, agreed on
//! by [OmniPaxos](https://omnipaxos.com) (Sequence Paxos, with a leader that is elected by ballots).
//!
//! A command goes from the node that a client gave it to, its *origin*, to the leader, at once. The leader appends it,
//! and a majority accepts; then it is decided, and no partition can undo that. Every node executes decided commands in
//! the order of the log, and the origin answers its client with what came out on itself.
//!
//! **Exactly once.** Commands are numbered by their origin and may be sent again, as they are when they take long or when
//! the leader changes. A node executes each number once, and none that its origin has *settled*, which is to say
//! answered or given up; each command tells up to which number all are. So a node remembers of each origin the numbers
//! of those few commands that were executed while an earlier one was under way.
//!
//! **Answers in time.** A command that is not executed in time is given up. If it was never sent, it will never happen,
//! and the client is told so; else nobody knows. Commands are sent only to a leader that was heard of late, and a leader
//! takes them only while it hears a majority. So most requests to the minority of a partition fail for certain.
//!
//! **Messages.** Nothing waits for a tick. But what comes to the leader while commands are under way goes out together
//! when they are decided, or with the next tick; so under load a message carries many. That something is decided is
//! told at once to the nodes whose clients wait for it, and to others with the next message. OmniPaxos relies on
//! sessions as TCP has them: on each [link] its messages come in order and once, and losses are reported to
//! both ends, which makes the peers compare their logs again. What must not wait for lost messages, and may come in any
//! order or twice, does without: heartbeats, proposals, and how far the log is accepted.
//!
//! **Memory.** The leader cuts off the log what all nodes have executed, so it holds what was decided since the slowest
//! node lost touch, and at most [`KEPT`] commands more. Besides, a node keeps the unanswered commands of its clients, and
//! of each peer what waits for messages before it, at most for [`link::PATIENCE`].
//!
//! A node that starts anew has forgotten its promises and must not come back under its old name. Maelstrom starts none.

pub mod link;

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use glomers_protocol::{Any, Context, ErrorCode, NodeId, Payload, RpcError};
use link::{Event, Link};
use omnipaxos::{
    ClusterConfig, OmniPaxos, ServerConfig,
    ballot_leader_election::Ballot,
    messages::{
        Message,
        ballot_leader_election::{BLEMessage, HeartbeatMsg},
        sequence_paxos::{Accepted, PaxosMessage, PaxosMsg},
    },
    storage::{Entry, NoSnapshot},
    util::LogEntry,
};
use omnipaxos_storage::memory_storage::MemoryStorage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    time::Duration,
};

/// How many milliseconds there are between two calls of [`ReplicatedLog::tick`].
pub const TICK: u64 = 20;

/// How many ticks a round of heartbeats takes. A leader that is lost is replaced in the third round at the latest.
const ROUND: u64 = 25;

/// How many ticks OmniPaxos waits for an answer. Losses are reported to it, so this is a last resort; if it were shorter
/// than the way there and back, a second answer would undo the first.
const RESEND: u64 = 100;

/// How long a node that is not heard counts as there: two rounds.
const SILENCE: Duration = Duration::from_millis(2 * ROUND * TICK);

/// After what time a command is sent again.
const RETRY: Duration = Duration::from_millis(500);

/// How many commands that all nodes have executed the log may hold.
pub const KEPT: usize = 1000;

/// What is replicated.
pub trait StateMachine: Default + 'static {
    /// What it can be told to do.
    type Command: Clone + Debug + Serialize + DeserializeOwned + 'static;
    /// What comes out.
    type Output: 'static;

    /// Executes a command. State and output follow from the commands so far and nothing else.
    fn execute(&mut self, command: Self::Command) -> Self::Output;
}

/// One node's replica of an `M`.
pub struct ReplicatedLog<M: StateMachine> {
    replica: RefCell<Replica<M>>,
    patience: Duration,
}

/// What nodes send each other.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "C: Clone + Debug + Serialize + DeserializeOwned")]
#[schemars(bound = "C: Clone + Debug", rename = "Packet")]
pub struct Packet<C: Clone + Debug> {
    #[schemars(with = "Foreign")]
    ordered: link::Packet<Vec<PaxosMsg<Proposal<C>>>>,
    #[schemars(with = "Foreign")]
    loose: Loose<C>,
    /// How many entries of the log the sender has executed.
    executed: usize,
}

/// What may come in any order, and more than once.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Loose<C> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Accepted>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    heartbeats: Vec<HeartbeatMsg>,
    /// What the receiver is to append if it is the leader.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    proposals: Vec<Proposal<C>>,
}

/// Any value: messages of OmniPaxos, in the form that its own types have, and it gives no schema of them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Foreign(Any);

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proposal<C> {
    origin: Pid,
    number: u64,
    /// The origin waits for no command up to this number.
    settled: u64,
    command: C,
}

impl<C: Clone + Debug> Entry for Proposal<C> {
    type Snapshot = NoSnapshot;
}

/// A node's place among all, from 1.
type Pid = u64;

type Paxos<C> = OmniPaxos<Proposal<C>, MemoryStorage<Proposal<C>>>;

struct Replica<M: StateMachine> {
    pid: Pid,
    /// Nothing if there is one node only: it agrees with itself.
    paxos: Option<Paxos<M::Command>>,
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

struct Peer<C: Clone + Debug> {
    id: NodeId,
    link: Link<Vec<PaxosMsg<Proposal<C>>>>,
    /// What is to be sent to it.
    ordered: Vec<PaxosMsg<Proposal<C>>>,
    loose: Loose<C>,
    /// A command of its clients has been executed, which it may not know.
    is_waiting: bool,
    /// How far its log was accepted, and in which ballot.
    accepted: Option<(Ballot, usize)>,
    /// How many entries of the log it has executed.
    executed: usize,
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

impl<M: StateMachine> ReplicatedLog<M>
where
    Packet<M::Command>: Payload,
{
    /// An empty log among all nodes. Commands are given up after `patience`, which must be less than clients have.
    pub fn new(cx: &Context, patience: Duration) -> Self {
        Self { replica: RefCell::new(Replica::new(cx)), patience }
    }

    /// Has all nodes execute a command, and returns what came out here.
    ///
    /// # Errors
    ///
    /// The command was not executed in time: [`ErrorCode::TemporarilyUnavailable`] if it never will be, and
    /// [`ErrorCode::Timeout`] if nobody knows.
    pub async fn execute(&self, cx: &Context, command: M::Command) -> Result<M::Output, RpcError> {
        let (answer, output) = oneshot::channel();
        let number = self.replica.borrow_mut().propose(command, answer);
        self.replica.borrow_mut().proceed(cx);
        match select(output, cx.sleep(self.patience)).await {
            Either::Left((Ok(output), _)) => Ok(output),
            _ => Err(self.replica.borrow_mut().give_up(number)),
        }
    }

    /// Takes in what another node sent.
    pub fn receive(&self, cx: &Context, from: &NodeId, packet: Packet<M::Command>) {
        let mut replica = self.replica.borrow_mut();
        if let Some(pid) = pid(cx, from) {
            replica.receive(pid, packet, cx.now());
            replica.proceed(cx);
        }
    }

    /// Lets time pass; to be called every [`TICK`] milliseconds.
    pub fn tick(&self, cx: &Context) {
        let mut replica = self.replica.borrow_mut();
        replica.tick(cx.now());
        replica.proceed(cx);
    }

    /// How many entries of the log this node stores.
    pub fn stored(&self) -> usize {
        let replica = self.replica.borrow();
        replica.paxos.as_ref().map_or(0, |paxos| paxos.get_accepted_idx() - paxos.get_compacted_idx())
    }
}

fn pid(cx: &Context, id: &NodeId) -> Option<Pid> {
    cx.ids().iter().position(|other| other == id).map(|place| place as Pid + 1)
}

impl<M: StateMachine> Replica<M> {
    fn new(cx: &Context) -> Self {
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

    fn propose(&mut self, command: M::Command, answer: oneshot::Sender<M::Output>) -> u64 {
        self.numbers += 1;
        self.pending.insert(self.numbers, Pending { command, answer, sent: None });
        self.numbers
    }

    fn give_up(&mut self, number: u64) -> RpcError {
        match self.pending.remove(&number).and_then(|pending| pending.sent) {
            None => RpcError::new(ErrorCode::TemporarilyUnavailable, "no leader that hears a majority"),
            Some(_) => RpcError::new(ErrorCode::Timeout, "the command was sent, but not executed in time"),
        }
    }

    fn receive(&mut self, from: Pid, packet: Packet<M::Command>, now: Duration) {
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

    fn tick(&mut self, now: Duration) {
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
    fn proceed(&mut self, cx: &Context)
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

impl<C: Clone + Debug> Peer<C> {
    fn new(id: &NodeId) -> Self {
        let (link, ordered, loose) = (Link::default(), Vec::new(), Loose::default());
        Self { id: id.clone(), link, ordered, loose, is_waiting: false, accepted: None, executed: 0 }
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
    fn hear(&mut self, paxos: &mut Paxos<C>, from: Pid, to: Pid, now: Duration) {
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
    fn flush(&mut self, cx: &Context, executed: usize)
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

impl<C> Loose<C> {
    fn is_empty(&self) -> bool {
        self.accepted.is_none() && self.heartbeats.is_empty() && self.proposals.is_empty()
    }
}

impl<C> Default for Loose<C> {
    fn default() -> Self {
        Self { accepted: None, heartbeats: Vec::new(), proposals: Vec::new() }
    }
}

/// Whether a leader answers what this node said before it got on: OmniPaxos would take entries back that are `decided`.
fn is_outdated<C: Clone + Debug>(msg: &PaxosMsg<Proposal<C>>, decided: usize) -> bool {
    matches!(msg, PaxosMsg::AcceptSync(sync) if sync.log_sync.sync_idx < decided)
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
