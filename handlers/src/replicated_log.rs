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
