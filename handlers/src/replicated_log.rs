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
//! **Nodes that start again.** Nodes have no disk: who is killed and starts again has forgotten what it promised and
//! accepted, and would break the majorities that others count on. Nor can a node know that it lived before. So each start
//! is another *life*, which draws a number, and agreement is among lives: a *configuration* is one life of each node, with
//! a log of its own and the state that the log begins with (`configuration.rs`). Inside one no life ends and begins
//! again, so OmniPaxos holds as it is; what lives that are over have sent belongs to other configurations and is passed
//! over. A node that starts is taken in by a change of configuration, which is the last entry of the log before
//! (`member.rs`), as in [Reconfiguring a State Machine](https://lamport.azurewebsites.net/pubs/reconfiguration-tutorial.pdf)
//! (Lamport, Malkhi, Zhou 2010): whatever was decided in one configuration is in the state with which the next begins,
//! because only the log before the end counts. Commands are numbered by lives, so those of a new life are never taken for
//! older ones. The first configuration needs a word from all nodes (`newcomer.rs`).
//!
//! [Viewstamped Replication Revisited](https://pmg.csail.mit.edu/papers/vr-revisited.pdf) (Liskov, Cowling 2012) has
//! nodes recover inside one group instead, with a nonce and a majority's answers. Messages that a node sent before its
//! end, and has forgotten, then still count, and may undo what was acknowledged
//! ([Michael et al. 2017](https://drops.dagstuhl.de/entities/document/10.4230/LIPIcs.DISC.2017.36)); the cure is to tell
//! lives apart in every message, which configurations do once.
//!
//! **What is promised.** A node is *without memory* from its end until it has begun a configuration, which takes a few
//! round trips after its start. While at any time fewer than half of the nodes are without memory, nothing acknowledged
//! is lost, and those that hear a majority go on. If half of them or more are, the others refuse to go on: nobody can
//! know what was acknowledged. Only if all are, everything is lost and the nodes begin anew, for it cannot be told from a
//! first start. A cluster serves nobody before all nodes have heard from the first one and it from them.
//!
//! **Memory.** The leader cuts off the log what all nodes have executed, so it holds what was decided since the slowest
//! node lost touch, and at most [`KEPT`] commands more. Besides, a node keeps the unanswered commands of its clients, and
//! of each peer what waits for messages before it, at most for [`link::PATIENCE`]. Until all members of a configuration
//! are heard, it keeps the state that the configuration began with.

mod configuration;
pub mod link;
mod member;
mod newcomer;
mod packet;
mod peer;
mod replica;

pub use packet::Packet;

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use glomers_protocol::{Context, NodeId, Payload, RpcError};
use replica::Replica;
use serde::{Serialize, de::DeserializeOwned};
use std::{cell::RefCell, fmt::Debug, time::Duration};

/// How many milliseconds there are between two calls of [`ReplicatedLog::tick`].
pub const TICK: u64 = 20;

/// How many commands that all nodes have executed the log may hold.
pub const KEPT: usize = 1000;

/// What is replicated. Encoded and decoded it is the same as before.
pub trait StateMachine: Default + Serialize + DeserializeOwned + 'static {
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
    /// The command was not executed in time: [`ErrorCode::TemporarilyUnavailable`](glomers_protocol::ErrorCode::TemporarilyUnavailable) if it never will be, and
    /// [`ErrorCode::Timeout`](glomers_protocol::ErrorCode::Timeout) if nobody knows.
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
            replica.receive(cx, pid, packet);
            replica.proceed(cx);
        }
    }

    /// Lets time pass; to be called every [`TICK`] milliseconds.
    pub fn tick(&self, cx: &Context) {
        let mut replica = self.replica.borrow_mut();
        replica.tick(cx);
        replica.proceed(cx);
    }

    /// How many entries of the log this node stores.
    pub fn stored(&self) -> usize {
        self.replica.borrow().stored()
    }
}

/// A node's place among all, from 1.
type Pid = u64;

fn pid(cx: &Context, id: &NodeId) -> Option<Pid> {
    cx.ids().iter().position(|other| other == id).map(|place| place as Pid + 1)
}
