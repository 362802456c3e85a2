//! A state machine that all nodes have and that executes the same commands in the same order on each: one log, agreed on
//! by [OmniPaxos](https://omnipaxos.com) (Sequence Paxos, with a leader that is elected by ballots).
//!
//! A command goes from the node that a client gave it to, its *origin*, to the leader, at once. The leader appends it,
//! and a majority accepts; then it is decided, and no partition can undo that. Every node executes decided commands in
//! the order of the log, and the origin answers its client with what came out on itself.
//!
//! **Exactly once.** Commands are numbered by their origin, and a node executes only those whose number is above all it
//! has executed from that origin. So a command may be sent again, as it is when it takes long or when the leader
//! changes: copies do nothing. A command that a later one of its origin has overtaken is dead on all nodes, which the
//! origin sees as well. One number for each node is all there is to remember.
//!
//! **Answers in time.** A command that is not executed in time is given up. If it was never sent, or was overtaken, it
//! will never happen, and the client is told so; else nobody knows. Commands are sent only to a leader that has been
//! heard of late, and a leader takes them only while it hears a majority. So in the minority of a partition almost all
//! requests fail for certain, and nothing lies in wait there.
//!
//! **Messages.** Nothing waits for a tick. But what comes to the leader while commands are under way goes out together
//! when they are decided, or with the next tick; so under load a message carries many. OmniPaxos relies on sessions as
//! TCP has them: on each [link](crate::link) messages come in order and once, and losses are reported to both ends, which
//! makes the peers compare their logs again. Heartbeats cannot wait for lost packets; they are numbered, and
//! passed on when they come.
//!
//! **Memory.** What all nodes have executed is cut off the log, so it holds what came since a node was cut off, and
//! otherwise about [`KEPT`] commands. A node keeps its clients' unanswered commands, and of each peer's packets those of
//! at most [`link::PATIENCE`] that wait for others.
//!
//! A node that starts anew has forgotten its promises and must not come back under its old name. Maelstrom starts none.

use crate::link::{self, Event, Link};
use futures::{
    channel::oneshot,
    future::{Either, select},
};
use glomers_protocol::{Context, ErrorCode, NodeId, Payload, RpcError};
use omnipaxos::{
    ClusterConfig, OmniPaxos, ServerConfig,
    messages::{Message, ballot_leader_election::BLEMessage, sequence_paxos::PaxosMessage},
    storage::{Entry, NoSnapshot},
    util::LogEntry,
};
use omnipaxos_storage::memory_storage::MemoryStorage;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{cell::RefCell, collections::BTreeMap, fmt::Debug, time::Duration};

/// How many milliseconds there are between two calls of [`ReplicatedLog::tick`].
pub const TICK: u64 = 20;

/// How many ticks a round of heartbeats takes. A leader that is lost is replaced in the third round at the latest.
const ROUND: u64 = 25;

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
    fn apply(&mut self, command: Self::Command) -> Self::Output;
}

/// One node's replica of an `M`.
pub struct ReplicatedLog<M: StateMachine> {
    replica: RefCell<Replica<M>>,
    patience: Duration,
}

/// What nodes send each other.
pub type Packet<C> = link::Packet<Content<C>>;

/// What a packet carries.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "C: Clone + Debug + Serialize + DeserializeOwned")]
pub struct Content<C: Clone + Debug> {
    /// How many entries of the log the sender has executed.
    executed: usize,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    heartbeats: Vec<BLEMessage>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    paxos: Vec<PaxosMessage<Proposal<C>>>,
    /// What the receiver is to append if it is the leader.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    proposals: Vec<Proposal<C>>,
}

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Proposal<C> {
    origin: Pid,
    number: u64,
    command: C,
}

impl<C: Clone + Debug> Entry for Proposal<C> {
    type Snapshot = NoSnapshot;
}

/// A node's place among all, from 1.
type Pid = u64;

struct Replica<M: StateMachine> {
    pid: Pid,
    /// Nothing if there is one node only: it agrees with itself.
    paxos: Option<OmniPaxos<Proposal<M::Command>, MemoryStorage<Proposal<M::Command>>>>,
    peers: BTreeMap<Pid, Peer<M::Command>>,
    machine: M,
    /// How many entries of the log have been executed.
    executed: usize,
    /// The last number executed of each origin.
    last: BTreeMap<Pid, u64>,
    /// How many commands clients have given to this node.
    numbers: u64,
    /// Those that are not answered.
    pending: BTreeMap<u64, Pending<M>>,
    /// Where they were sent last.
    leader: Option<Pid>,
    /// What this node, as the leader, has not appended yet.
    queue: Vec<Proposal<M::Command>>,
    appended: Duration,
}

struct Peer<C: Clone + Debug> {
    id: NodeId,
    link: Link<Content<C>>,
    /// How many entries of the log it has executed.
    executed: usize,
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
            Either::Left((Err(_), _)) => Err(unavailable("a later command was executed first")),
            Either::Right(_) => Err(self.replica.borrow_mut().give_up(number)),
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
}

fn pid(cx: &Context, id: &NodeId) -> Option<Pid> {
    cx.ids().iter().position(|other| other == id).map(|place| place as Pid + 1)
}

fn unavailable(text: &str) -> RpcError {
    RpcError::new(ErrorCode::TemporarilyUnavailable, text)
}

impl<M: StateMachine> Replica<M> {
    fn new(cx: &Context) -> Self {
        let pid_of = |id: &NodeId| pid(cx, id).expect("the node and its peers are among all nodes");
        let peer = |id: &NodeId| (pid_of(id), Peer { id: id.clone(), link: Link::default(), executed: 0 });
        let peers: BTreeMap<_, _> = cx.peers().map(peer).collect();
        let pid = pid_of(cx.id());
        Self {
            pid,
            paxos: (!peers.is_empty()).then(|| paxos(pid, peers.len() + 1)),
            peers,
            machine: M::default(),
            executed: 0,
            last: BTreeMap::new(),
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
            None => unavailable("no leader that hears a majority"),
            Some(_) => RpcError::new(ErrorCode::Timeout, "the command was sent, but not executed in time"),
        }
    }

    fn receive(&mut self, from: Pid, mut packet: Packet<M::Command>, now: Duration) {
        let (Some(paxos), Some(peer)) = (&mut self.paxos, self.peers.get_mut(&from)) else { return };
        let heartbeats = std::mem::take(&mut packet.content.heartbeats);
        if peer.link.receive(packet, now) {
            heartbeats.into_iter().for_each(|heartbeat| paxos.handle_incoming(Message::BLE(heartbeat)));
        }
        self.hear(from, now);
    }

    /// Takes what is next on the link to a peer.
    fn hear(&mut self, from: Pid, now: Duration) {
        let (Some(paxos), Some(peer)) = (&mut self.paxos, self.peers.get_mut(&from)) else { return };
        while let Some(event) = peer.link.next(now) {
            match event {
                Event::Loss => paxos.reconnected(from),
                Event::Content(content) => {
                    peer.executed = content.executed;
                    self.queue.extend(content.proposals);
                    let messages = content.paxos.into_iter().map(Message::SequencePaxos);
                    messages.for_each(|message| paxos.handle_incoming(message));
                }
            }
        }
    }

    fn tick(&mut self, now: Duration) {
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            self.hear(peer, now);
        }
        let everywhere = self.peers.values().map(|peer| peer.executed).fold(self.executed, usize::min);
        if let Some(paxos) = &mut self.paxos {
            paxos.tick();
            if everywhere >= paxos.get_compacted_idx() + KEPT {
                // Only the leader can, and if it is not ready for it, there is a next tick.
                let _ = paxos.trim(Some(everywhere));
            }
        }
    }

    /// Does whatever can be done now.
    fn proceed(&mut self, cx: &Context)
    where
        Packet<M::Command>: Payload,
    {
        let proposals = self.due(cx.now());
        let mut outbox = BTreeMap::<Pid, Content<M::Command>>::new();
        let empty = Content { executed: 0, heartbeats: Vec::new(), paxos: Vec::new(), proposals: Vec::new() };
        match self.leader {
            Some(leader) if leader == self.pid => self.queue.extend(proposals),
            Some(leader) if !proposals.is_empty() => {
                outbox.entry(leader).or_insert_with(|| empty.clone()).proposals = proposals;
            }
            _ => {}
        }
        self.append(cx.now());
        self.execute();
        let mut messages = Vec::new();
        if let Some(paxos) = &mut self.paxos {
            paxos.take_outgoing_messages(&mut messages);
        }
        for message in messages {
            let content = outbox.entry(message.get_receiver()).or_insert_with(|| empty.clone());
            match message {
                Message::SequencePaxos(message) => content.paxos.push(message),
                Message::BLE(heartbeat) => content.heartbeats.push(heartbeat),
            }
        }
        for (pid, mut content) in outbox {
            content.executed = self.executed;
            if let Some(peer) = self.peers.get_mut(&pid) {
                cx.send(&peer.id, &peer.link.pack(content));
            }
        }
    }

    /// The leader, if it is worth sending to.
    fn present_leader(&self, now: Duration) -> Option<Pid> {
        let Some(paxos) = &self.paxos else { return Some(self.pid) };
        let (leader, _) = paxos.get_current_leader()?;
        let is_here = |peer: &Peer<_>| peer.link.heard() + SILENCE > now;
        let is_present = match self.peers.get(&leader) {
            Some(peer) => is_here(peer),
            None => self.peers.values().filter(|peer| is_here(peer)).count() + 1 > self.peers.len().div_ceil(2),
        };
        is_present.then_some(leader)
    }

    /// The commands to be sent to the leader now, in order.
    fn due(&mut self, now: Duration) -> Vec<Proposal<M::Command>> {
        let leader = self.present_leader(now);
        let is_new = leader != self.leader;
        self.leader = leader;
        if leader.is_none() {
            return Vec::new();
        }
        let is_due = |pending: &Pending<M>| is_new || pending.sent.is_none_or(|sent| now >= sent + RETRY);
        let mut due = Vec::new();
        for (number, pending) in self.pending.iter_mut().filter(|(_, pending)| is_due(pending)) {
            pending.sent = Some(now);
            due.push(Proposal { origin: self.pid, number: *number, command: pending.command.clone() });
        }
        due
    }

    /// Appends what has come together, unless this node is not the leader, or has commands under way.
    fn append(&mut self, now: Duration) {
        let Some(paxos) = &mut self.paxos else {
            return self.queue.drain(..).collect::<Vec<_>>().into_iter().for_each(|proposal| self.apply(proposal));
        };
        if self.leader != Some(self.pid) {
            return self.queue.clear();
        }
        let is_ready = paxos.get_current_leader() == Some((self.pid, true));
        let is_idle = paxos.get_accepted_idx() == paxos.get_decided_idx();
        if is_ready && (is_idle || now >= self.appended + Duration::from_millis(TICK)) {
            self.appended = now;
            for proposal in self.queue.drain(..) {
                paxos.append(proposal).expect("the cluster is never reconfigured");
            }
        }
    }

    /// Executes what has been decided.
    fn execute(&mut self) {
        let decided = self.paxos.as_ref().and_then(|paxos| paxos.read_decided_suffix(self.executed));
        for entry in decided.into_iter().flatten() {
            if let LogEntry::Decided(proposal) = entry {
                self.executed += 1;
                self.apply(proposal);
            }
        }
    }

    fn apply(&mut self, Proposal { origin, number, command }: Proposal<M::Command>) {
        let last = self.last.entry(origin).or_default();
        if number <= *last {
            return;
        }
        *last = number;
        let output = self.machine.apply(command);
        if origin == self.pid {
            // Those before it have been overtaken; dropping them tells who waits for them.
            let later = self.pending.split_off(&(number + 1));
            let mut pending = std::mem::replace(&mut self.pending, later);
            if let Some(Pending { answer, .. }) = pending.remove(&number) {
                // Who waits may have given up just now.
                let _ = answer.send(output);
            }
        }
    }
}

/// OmniPaxos for one of `count` nodes.
fn paxos<C: Clone + Debug>(pid: Pid, count: usize) -> OmniPaxos<Proposal<C>, MemoryStorage<Proposal<C>>> {
    let cluster = ClusterConfig { configuration_id: 1, nodes: (1..=count as Pid).collect(), flexible_quorum: None };
    let server = ServerConfig {
        pid,
        election_tick_timeout: ROUND,
        resend_message_tick_timeout: ROUND,
        ..ServerConfig::default()
    };
    cluster.build_for_server(server, MemoryStorage::default()).expect("the configuration is valid")
}
