//! The clients of a test and what they are doing. A worker is what jepsen calls a thread: a place at a node, which one
//! client after the other takes, and at which one operation at a time is done (jepsen: `generator/interpreter.clj`).

use crate::{
    engine::{participant::ParticipantId, world::World},
    options::Options,
    workload::{
        Connection,
        client::{Endpoint, Outcome},
        generator::Invocation,
    },
};
use glomers_checkers::history::{Kind, Op, Process};
use glomers_protocol::{Json, NodeId};
use std::{cell::RefCell, rc::Rc, time::Duration};

pub(crate) struct Workers {
    workers: Vec<Worker>,
    /// For each worker, whether it has nothing to do.
    is_free: Vec<bool>,
    /// The workers that had nothing to do when they were last asked for, by number, and then once more. So those from any one on
    /// are together, and a test with many finds them before each operation.
    free: Vec<usize>,
    /// The workers that have begun or ended something since.
    changed: Vec<usize>,
    /// The current client of each worker.
    processes: Vec<u64>,
    /// The workers that have nothing to do, the one that was never used or whose turn is farthest back first.
    next: usize,
    /// The number of busy workers.
    busy: usize,
    done: Rc<RefCell<Vec<(usize, Outcome)>>>,
}

struct Worker {
    node: NodeId,
    connection: Option<(JoinedClient, Connection)>,
    /// The operation it is doing.
    busy: Option<Op>,
}

/// A client on the network.
#[derive(Clone)]
pub(crate) struct JoinedClient {
    pub(crate) id: ParticipantId,
    pub(crate) endpoint: Endpoint,
}

impl Workers {
    pub(crate) fn new(options: &Options) -> Self {
        let nodes = options.nodes.iter().cycle().take(options.clients());
        let worker = |node: &String| Worker { node: NodeId::from(node.as_str()), connection: None, busy: None };
        let workers: Vec<_> = nodes.map(worker).collect();
        Self {
            processes: (0..workers.len() as u64).collect(),
            is_free: vec![true; workers.len()],
            free: (0..workers.len()).chain(0..workers.len()).collect(),
            changed: Vec::new(),
            workers,
            next: 0,
            busy: 0,
            done: Rc::default(),
        }
    }

    /// The client of each worker.
    pub(crate) fn processes(&self) -> &[u64] {
        &self.processes
    }

    /// The client of each worker, and the workers that have nothing to do, the one whose turn it is first.
    pub(crate) fn free(&mut self) -> (&[u64], &[usize]) {
        for worker in self.changed.drain(..) {
            let count = self.free.len() / 2;
            match (self.free[..count].binary_search(&worker), self.is_free[worker]) {
                (Ok(place), false) => {
                    self.free.remove(count + place);
                    self.free.remove(place);
                }
                (Err(place), true) => {
                    self.free.insert(count + place, worker);
                    self.free.insert(place, worker);
                }
                _ => {}
            }
        }
        let count = self.free.len() / 2;
        let first = self.free[..count].partition_point(|worker| *worker < self.next);
        (&self.processes, &self.free[first..first + count])
    }

    /// Tells whether a worker has nothing to do.
    pub(crate) fn is_free(&self, worker: usize) -> bool {
        self.is_free[worker]
    }

    /// The client of a worker.
    pub(crate) fn client(&self, worker: usize) -> Option<ParticipantId> {
        self.workers[worker].connection.as_ref().map(|(joined, _)| joined.id)
    }

    pub(crate) fn any_free(&self) -> bool {
        self.busy < self.workers.len()
    }

    pub(crate) fn all_free(&self) -> bool {
        self.busy == 0
    }

    /// A copy of workers that are free. They have no clients yet.
    pub(crate) fn fork(&self) -> Self {
        let worker =
            |worker: &Worker| Worker { node: worker.node.clone(), connection: None, busy: worker.busy.clone() };
        Self {
            workers: self.workers.iter().map(worker).collect(),
            is_free: self.is_free.clone(),
            free: self.free.clone(),
            changed: self.changed.clone(),
            processes: self.processes.clone(),
            next: self.next,
            busy: self.busy,
            done: Rc::default(),
        }
    }

    /// The node at which a worker's clients are.
    pub(crate) fn node(&self, worker: usize) -> &NodeId {
        &self.workers[worker].node
    }

    /// The client of a worker, with its connection.
    pub(crate) fn connection(&self, worker: usize) -> Option<(JoinedClient, Connection)> {
        self.workers[worker].connection.clone()
    }

    /// Gives a worker a client.
    pub(crate) fn connect(&mut self, worker: usize, joined: JoinedClient, connection: Connection) {
        self.workers[worker].connection = Some((joined, connection));
    }

    /// The list of workers whose operations have ended.
    pub(crate) fn done(&self) -> Rc<RefCell<Vec<(usize, Outcome)>>> {
        Rc::clone(&self.done)
    }

    /// Has a worker begin an operation, and returns the history's entry.
    pub(crate) fn begin(&mut self, worker: usize, invocation: &Invocation, now: Duration) -> Op {
        self.next = worker + 1;
        let process = Process::Client(self.processes[worker]);
        let mut op = Op::new(now, process, Kind::Invoke, invocation.f, invocation.value.clone());
        op.set_extra(invocation.extra.iter().map(|(key, value)| ((*key).into(), value.clone())).collect());
        self.workers[worker].busy = Some(op.clone());
        self.is_free[worker] = false;
        self.changed.push(worker);
        self.busy += 1;
        op
    }

    /// Gives up what is going on: nobody will know how it ended. Its client is taken off the network even if it could
    /// go on, or it would tell of this operation later.
    pub(crate) fn abandon(&mut self, world: &mut World) {
        for (index, worker) in self.workers.iter_mut().enumerate().filter(|(_, worker)| worker.busy.is_some()) {
            if let Some((joined, _)) = worker.connection.take() {
                world.leave(joined.id);
            }
            self.done.borrow_mut().push((index, Outcome::Info(Json::from("stopped"))));
        }
    }

    /// Tells whether an operation has ended whose entry was not made.
    pub(crate) fn has_ended(&self) -> bool {
        !self.done.borrow().is_empty()
    }

    /// The history's entries of operations that have ended. A client that does not know how its operation ended is
    /// replaced: the operation may still go on.
    pub(crate) fn complete(&mut self, now: Duration, world: &mut World, is_reusable: bool) -> Vec<Op> {
        let mut ended = Vec::new();
        for (index, outcome) in self.done.take() {
            let worker = &mut self.workers[index];
            let Some(mut op) = worker.busy.take() else { continue };
            self.is_free[index] = true;
            self.changed.push(index);
            self.busy -= 1;
            op.time = now;
            let error = match outcome {
                Outcome::Ok(value) => {
                    (op.kind, op.value) = (Kind::Ok, value);
                    None
                }
                Outcome::Fail(error) => {
                    op.kind = Kind::Fail;
                    Some(error)
                }
                Outcome::Info(error) => {
                    op.kind = Kind::Info;
                    Some(error)
                }
            };
            op.set_error(error.filter(|error| !error.is_null()));
            if op.kind == Kind::Info {
                self.processes[index] += self.processes.len() as u64;
                if let Some((joined, _)) = worker.connection.take_if(|_| !is_reusable) {
                    world.leave(joined.id);
                }
            }
            ended.push(op);
        }
        ended
    }
}
