//! One schedule, from `init` to its verdict. The nodes and clients are those of a test; only what happens next is chosen.

pub(crate) mod beginning;
mod finish;
mod narration;
mod setup;
mod steps;

use crate::{
    engine::{flight::Place, members::Condition, participant::Dead},
    explore::{
        memo::cast::{Cast, Seated},
        step::Step,
        subject::{Cluster, Invariant, Subject},
    },
    run::{error::RunError, session::Session, workers::JoinedClient},
    workload::client::Endpoint,
};
use glomers_checkers::history::{Kind, Op, Process};
use glomers_protocol::NodeId;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// The number of the first client that is not part of the program.
const OTHER_CLIENTS: u64 = 10_000;

/// The client that tells restarted nodes their ids.
const STARTER: &str = "c9999";

/// An execution.
pub(crate) struct Execution<'s> {
    pub(crate) subject: &'s Subject<'s>,
    session: Session<'static>,
    /// The participants, if the execution can be copied.
    cast: Option<Cast>,
    left: Budgets,
    /// For each operation of the program, whether it has begun or is left out.
    is_over: Vec<bool>,
    /// The number of operations that have not begun, and are not left out.
    unbegun: usize,
    crashed: Vec<Place>,
    cut: Option<Place>,
    /// The number of times that each node was started.
    starts: Vec<u64>,
    /// The number of steps so far.
    pub(crate) steps: usize,
    has_ended: bool,
    /// The number of entries of the history that were looked through for ends of operations.
    seen: usize,
    /// The number of operations that have begun and not ended.
    running: usize,
    /// The first condition that did not hold: its name and the reason.
    broken: Option<(&'static str, String)>,
}

/// The faults and timers that are left.
#[derive(Clone, Copy, Debug)]
struct Budgets {
    drops: usize,
    duplicates: usize,
    crashes: usize,
    partitions: usize,
    timers: usize,
}

impl<'s> Execution<'s> {
    /// An execution at its first choice: all nodes know their ids, and the workload has prepared them. Its participants are
    /// those of the cast, if there is one.
    pub(crate) fn start(subject: &'s Subject<'s>, records: bool, mut cast: Option<Cast>) -> Result<Self, RunError> {
        let bounds = &subject.bounds;
        let mut session = Self::session(subject, records, cast.as_mut())?;
        if !records && let Some(lines) = Self::setup_lines(subject)? {
            Self::say(&mut session, lines);
        } else {
            Self::prepare(&mut session)?;
        }
        session.number_clients_from(OTHER_CLIENTS);
        // What is said without clients draws no numbers for them.
        session.rng = Pcg64Mcg::seed_from_u64(bounds.options.seed);
        let left = Budgets {
            drops: bounds.drops,
            duplicates: bounds.duplicates,
            crashes: bounds.crashes,
            partitions: bounds.partitions,
            timers: bounds.timers,
        };
        session.world.join(NodeId::from(STARTER), Box::new(Dead));
        let mut execution = Self {
            subject,
            session,
            cast,
            left,
            is_over: vec![false; subject.program.len()],
            unbegun: subject.program.len(),
            crashed: Vec::new(),
            cut: None,
            starts: vec![1; subject.nodes.len()],
            steps: 0,
            has_ended: false,
            seen: 0,
            running: 0,
            broken: None,
        };
        execution.open();
        execution.session.world.begin_search(&subject.nodes);
        execution.check(false);
        Ok(execution)
    }

    /// Seats the clients, has them open, and lets the cluster warm up.
    fn open(&mut self) {
        let opening = self.session.workload.opening(&self.session.options);
        for worker in 0..self.session.workers.processes().len() {
            if self.subject.program.iter().any(|planned| planned.worker == worker) {
                self.seat(worker);
                if let Some(opening) = &opening {
                    self.session.begin(worker, opening.clone());
                }
            }
        }
        let warm = self.session.now() + self.subject.bounds.warm_up;
        while self.session.step_before(Some(warm)) {}
        if opening.is_some() {
            while !self.session.workers.all_free() && self.session.step_before(None) {}
        }
        self.seen = self.session.history.ops().len();
    }

    /// Gives a worker a client that is named by its number, whatever clients there were elsewhere.
    fn seat(&mut self, worker: usize) {
        let id = NodeId::from(self.client(worker));
        let Some(cast) = &mut self.cast else {
            let endpoint = Endpoint::new(id.clone());
            let joined = JoinedClient { id: self.session.world.join(id, Box::new(endpoint.clone())), endpoint };
            self.session.seat(worker, joined);
            return;
        };
        let Seated { participant, endpoint, connection } = cast.client(worker, &id, self.session.workers.node(worker));
        let joined = JoinedClient { id: self.session.world.join(id, participant), endpoint };
        self.session.workers.connect(worker, joined, connection);
    }

    /// Tells whether so much is remembered that it should begin anew.
    fn is_full(&self) -> bool {
        self.cast.as_ref().is_some_and(Cast::is_full)
    }

    /// A copy, if there is a cast and no operation is running.
    fn fork(&self) -> Option<Self> {
        let cast = self.cast.clone()?;
        let mut clients = Vec::new();
        let world = self.session.world.fork(|name, state| {
            let Some((worker, seated)) = state.and_then(|state| cast.fork_client(name, state)) else {
                return Box::new(Dead);
            };
            clients.push((worker, name.clone(), seated.endpoint, seated.connection));
            seated.participant
        });
        let mut session = self.session.fork((self.subject.make)(), world);
        for (worker, name, endpoint, connection) in clients {
            let joined = JoinedClient { id: session.world.id(&name)?, endpoint };
            session.workers.connect(worker, joined, connection);
        }
        Some(Self {
            subject: self.subject,
            session,
            cast: Some(cast),
            left: self.left,
            is_over: self.is_over.clone(),
            unbegun: self.unbegun,
            crashed: self.crashed.clone(),
            cut: self.cut,
            starts: self.starts.clone(),
            steps: self.steps,
            has_ended: self.has_ended,
            seen: self.seen,
            running: self.running,
            broken: self.broken.clone(),
        })
    }

    /// The id of a worker's client.
    fn client(&self, worker: usize) -> String {
        format!("c{}", self.session.workers.processes()[worker])
    }

    /// Notes operations that have ended, and checks the invariants.
    fn after_step(&mut self) {
        self.session.complete();
        let ops = self.session.history.ops();
        let has_ended = |op: &&Op| op.kind != Kind::Invoke && op.process != Process::Nemesis;
        self.running -= ops[self.seen..].iter().filter(has_ended).count();
        self.seen = ops.len();
        self.check(false);
    }

    /// Checks the invariants, or the conditions on the end.
    fn check(&mut self, is_final: bool) {
        if self.broken.is_some() || self.subject.invariants.is_empty() {
            return;
        }
        let cluster = Cluster::new(&self.session.world, &self.subject.nodes);
        let broken = |invariant: &Invariant| (invariant.check)(&cluster).err().map(|reason| (invariant.name, reason));
        let wanted = self.subject.invariants.iter().filter(|invariant| invariant.is_final == is_final);
        self.broken = wanted.into_iter().find_map(broken);
    }

    /// Tells whether every operation has ended.
    fn all_done(&self) -> bool {
        self.unbegun == 0 && self.running == 0
    }

    /// Tells whether a node runs.
    fn is_running(&self, node: &NodeId) -> bool {
        self.session.world.condition(node) == Condition::Running
    }

    /// Leaves out an operation of the program.
    pub(crate) fn skip(&mut self, operation: usize) {
        if let Some(is_over) = self.is_over.get_mut(operation)
            && !*is_over
        {
            *is_over = true;
            self.unbegun -= 1;
        }
    }

    /// Tells whether a step is one of those that are possible.
    pub(crate) fn is_possible(&self, step: Step) -> bool {
        let mut possible = Vec::new();
        self.possible(&mut possible);
        possible.contains(&step)
    }
}

/// The seed of a node's incarnation. It depends on nothing else, so it is the same in every order of steps.
fn seed(seed: u64, node: usize, incarnation: u64) -> u64 {
    Pcg64Mcg::seed_from_u64(seed ^ (node as u64).wrapping_mul(0x9e37_79b9) ^ incarnation << 48).next_u64()
}
