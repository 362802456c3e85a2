//! A replicated state machine: every node executes the same commands in the same order, the order of one log. The nodes
//! agree on the log with [OmniPaxos](https://omnipaxos.com) (Sequence Paxos, with a leader elected by ballots).
//!
//! A command goes from the node that received it from a client, its *origin*, to the leader at once. The leader appends
//! it, and a majority accepts it. Then it is decided, and no partition can undo that. Every node executes decided
//! commands in the order of the log, and the origin answers its client with the result of its own execution.
//!
//! **Exactly once.** The origin numbers its commands. It sends a command again if it takes long or if the leader
//! changes. A node executes each number once, and never one that its origin has *settled*, which means answered or
//! given up. Each command says up to which number all are settled. So a node remembers of each origin only the few
//! commands that were executed while an earlier one was not.
//!
//! **Timely answers.** A command that is not executed in time is given up. If it was never sent, it will never be
//! executed, and the client gets a definite error; otherwise it gets an indefinite one. Commands are sent only to a
//! leader that was heard recently, and a leader appends them only while it hears a majority. So most requests to the
//! minority of a partition fail definitely.
//!
//! **Messages.** No message waits for a tick. But commands that reach the leader while others are not decided yet are
//! sent together when those are decided, or with the next tick, so under load one message carries many. The nodes whose
//! clients wait for a decision are told at once, the others with the next message. OmniPaxos relies on sessions like
//! those of TCP: each [link] delivers its messages in order and once, and reports losses to both ends, which makes the
//! peers compare their logs again. Contents that must not wait for lost messages, and may arrive in any order or twice,
//! bypass the order: heartbeats, proposals, and the position up to which the log is accepted.
//!
//! **Restarts.** With a disk, one process of a node and the next are the same member: what OmniPaxos must not forget,
//! and the state of the machine, are in a journal (`journal.rs`), from which the next process continues. Nothing leaves
//! a node before that from which it follows is durable. So OmniPaxos' proofs for nodes that recover hold, and any nodes
//! may be killed, all at once too. Both ends of a link begin a new session then ([`link`]), and the new process numbers
//! its commands from where no earlier one has been.
//!
//! Without a disk, a node that is killed and restarts has forgotten what it promised and accepted, and would break the
//! majorities on which others rely. Nor can a node know that it has run before. So each start without a disk is a new
//! *incarnation* with a random number, and agreement is among incarnations. A *configuration* is one incarnation of
//! each node, with a log and an initial state of its own (`configuration.rs`). An incarnation ends for ever or
//! continues with all that it knew, so OmniPaxos holds as it is; messages of earlier incarnations belong to other
//! configurations and are ignored. A new incarnation is included by a change of configuration, which is the last entry
//! of the log before (`member.rs`), as in [Reconfiguring a State
//! Machine](https://lamport.azurewebsites.net/pubs/reconfiguration-tutorial.pdf) (Lamport, Malkhi, Zhou 2010). Whatever
//! was decided in one configuration is in the initial state of the next, because only the log before the end counts.
//! Commands are numbered per incarnation, so those of a new one are never taken for older ones. The first configuration
//! needs a message from every node (`newcomer.rs`).
//!
//! Configurations are worth their code with disks too. A disk can be lost, and a journal can be damaged. A node whose
//! journal is damaged puts it aside and starts as a new incarnation, as if it had no disk. The alternative is to repair
//! the journal entry by entry from the other nodes ([Alagappan et al.
//! 2018](https://www.usenix.org/conference/fast18/presentation/alagappan)), and the code for that would serve nothing
//! else. And a cluster without disks has no other way to survive the restart of a single node, which is the only kind
//! of restart that the challenges know.
//!
//! [Viewstamped Replication Revisited](https://pmg.csail.mit.edu/papers/vr-revisited.pdf) (Liskov, Cowling 2012) lets
//! nodes recover inside one group instead, with a nonce and the answers of a majority. Messages that a node sent before
//! its crash, and has forgotten, then still count, and may undo acknowledged commands
//! ([Michael et al. 2017](https://drops.dagstuhl.de/entities/document/10.4230/LIPIcs.DISC.2017.36)). The cure is to
//! distinguish incarnations in every message, which configurations do once.
//!
//! **Guarantees.** With disks, no acknowledged command is lost, whatever nodes are killed or stop, and a majority that
//! runs and is heard serves. That holds as long as the journals of fewer than half of the nodes are lost or damaged at
//! a time. If more are, the others stop: no node can know what was acknowledged.
//!
//! Without disks, a node is *without memory* from its crash until it has entered a configuration, a few round trips
//! after its start. While fewer than half of the nodes are without memory at any time, no acknowledged command is lost,
//! and the nodes that hear a majority continue. If half of them or more are, the others stop. Only if all are,
//! everything is lost and the nodes begin anew, because this cannot be distinguished from a first start. It can after
//! damage, which leaves a file behind. A cluster serves no client before all nodes have exchanged messages with the
//! first one.
//!
//! **Disk.** A command waits for two syncs: one on the leader before it sends the command, and one on a majority before
//! they accept it. One sync carries all that was recorded before it began, so under load many commands share it.
//! Decided commands are executed at once, because a majority has them on its disks.
//!
//! **Memory.** The leader trims the entries that all nodes have executed and will not forget. So the log holds the
//! entries decided since the slowest node lost contact, and at most [`MAX_RETAINED`] more. A node also keeps the
//! unanswered commands of its clients, and for each peer the messages that wait for missing ones, for at most
//! [`link::GAP_TIMEOUT`]. It keeps the initial state of a configuration until it has heard all members. The journal is
//! replaced by its result when it has grown to four times that.

mod acceptor;
mod configuration;
mod entry;
mod journal;
pub mod link;
mod member;
#[cfg(test)]
mod mutants;
mod newcomer;
mod packet;
mod past;
mod peer;
mod replica;
mod state_machine;
mod storage;

pub use member::{MAX_RETAINED, TICK};
pub use packet::Packet;
pub use state_machine::StateMachine;

use configuration::pid;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use glomers_protocol::{Context, Failure, Json, NodeId, RpcError};
use replica::Replica;
use state_machine::{Served, Waiting};
use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

/// One node's replica of a state machine `M`.
pub struct ReplicatedLog<M: StateMachine> {
    replica: Rc<RefCell<Replica>>,
    waiting: Waiting<M>,
    timeout: Duration,
}

impl<M: StateMachine> fmt::Debug for ReplicatedLog<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicatedLog").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl<M: StateMachine> ReplicatedLog<M> {
    /// A log among all nodes: that of the node's disk, or an empty one. Commands are given up after `timeout`, which
    /// must be less than the clients' timeout.
    ///
    /// # Errors
    ///
    /// The disk cannot be used, or another program has written what is on it.
    pub fn new(cx: &Context, timeout: Duration) -> Result<Self, Failure> {
        let waiting = Waiting::<M>::default();
        let replica = Replica::new(cx, Served::<M>::new(&waiting))?;
        let log = Self { replica: Rc::new(RefCell::new(replica)), waiting, timeout };
        log.sync(cx);
        Ok(log)
    }

    /// Makes all nodes execute a command, and returns the result of the execution here.
    ///
    /// # Errors
    ///
    /// The command was not executed in time:
    /// [`ErrorCode::TemporarilyUnavailable`](glomers_protocol::ErrorCode::TemporarilyUnavailable) if it never will be,
    /// and [`ErrorCode::Timeout`](glomers_protocol::ErrorCode::Timeout) if it may still be.
    pub async fn execute(&self, cx: &Context, command: M::Command) -> Result<M::Output, RpcError> {
        let (answer, output) = oneshot::channel();
        let number = self.replica.borrow_mut().propose(Json::new(&command));
        self.waiting.borrow_mut().push((number, answer));
        self.replica.borrow_mut().proceed(cx);
        self.sync(cx);
        match select(output, cx.sleep(self.timeout)).await {
            Either::Left((Ok(output), _)) => Ok(output),
            _ => {
                self.waiting.borrow_mut().retain(|(other, _)| *other != number);
                Err(self.replica.borrow_mut().give_up(number))
            }
        }
    }

    /// Handles a message from another node.
    pub fn receive(&self, cx: &Context, from: &NodeId, packet: Packet) {
        if let Some(pid) = pid(cx, from) {
            let mut replica = self.replica.borrow_mut();
            replica.receive(cx, pid, packet);
            replica.proceed(cx);
        }
        self.sync(cx);
    }

    /// Handles the passing of time. Call it every [`TICK`] milliseconds.
    pub fn tick(&self, cx: &Context) {
        let mut replica = self.replica.borrow_mut();
        replica.tick(cx);
        replica.proceed(cx);
        drop(replica);
        self.sync(cx);
    }

    /// Makes durable what has been recorded, and goes on with what has waited for it. One sync is under way at a time;
    /// what is recorded meanwhile leaves with the next.
    fn sync(&self, cx: &Context) {
        let mut next = self.replica.borrow().sync(cx.now());
        if next.is_none() {
            return;
        }
        let (replica, context) = (Rc::clone(&self.replica), cx.clone());
        cx.spawn(async move {
            while let Some(sync) = next.take() {
                sync.await;
                replica.borrow_mut().synced(&context);
                next = replica.borrow().sync(context.now());
            }
        });
    }

    /// The number of log entries that this node stores.
    pub fn stored(&self) -> usize {
        self.replica.borrow().stored()
    }
}
