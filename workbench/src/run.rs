//! A test from the first `init` to the verdict, in Maelstrom's phases (Maelstrom: `core.clj`, `db.clj`; jepsen:
//! `generator/interpreter.clj`): nodes are told their ids, clients prepare the system, clients and nemesis work until the
//! time is up, the network heals and rests, the clients do their last operations, and the checkers judge the history.

use crate::{
    checker::{availability, exceptions, stats},
    client::Client,
    generator::{Generator, Moment, Next},
    history::{History, Kind, Op, Process},
    hosted::{Crash, Host, Program, StartError},
    nemesis::Partition,
    options::{Fault, Options},
    report::Report,
    services,
    workers::{Seated, Workers},
    workload::Workload,
    world::World,
};
use glomers_protocol::{Any, CallError, Context, Handler, Node, NodeId, init::Init};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long a node may take to answer `init` (Maelstrom: `db.clj`).
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the healed network rests before the last operations (Maelstrom: `core.clj`).
const RECOVERY: Duration = Duration::from_secs(10);

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A node did not answer `init`, or what the workload says to it before the first operation.
    #[error("{node} did not get ready: {cause}{}", complaints.iter().map(|complaint| format!("\n\n{complaint}")).collect::<String>())]
    Setup {
        /// Which node.
        node: NodeId,
        /// What came instead of an answer.
        cause: CallError,
        /// What nodes did that is no message, or went to nobody.
        complaints: Vec<String>,
    },
    /// A process could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A process ended before the test did.
    #[error(transparent)]
    Crash(#[from] Crash),
}

/// Tests a cluster of `H` in simulation.
///
/// # Errors
///
/// A node did not answer `init` or what the workload says to it before the first operation.
pub fn run<H: Handler>(workload: Box<dyn Workload>, options: &Options) -> Result<Report, RunError> {
    run_with(workload, options, H::init)
}

/// As [`run`], with handlers that `make` makes.
///
/// # Errors
///
/// The same.
pub fn run_with<H: Handler>(
    workload: Box<dyn Workload>,
    options: &Options,
    make: impl Fn(&Context) -> H + Clone + 'static,
) -> Result<Report, RunError> {
    let mut test = Test::new(workload, options.clone(), None);
    for id in &options.nodes {
        let seed = test.rng.next_u64();
        test.world.join(NodeId::from(id.as_str()), Box::new(Node::with(seed, make.clone())));
    }
    test.run()
}

/// Tests a program, one process a node, in real time.
///
/// # Errors
///
/// The program cannot be started, a node ends before the test, or it does not answer what comes before the first
/// operation.
pub fn run_program(workload: Box<dyn Workload>, options: &Options, program: &Program) -> Result<Report, RunError> {
    let mut test = Test::new(workload, options.clone(), Some(Host::new()));
    for id in &options.nodes {
        let id = NodeId::from(id.as_str());
        let process = test.world.host().expect("it was just given").start(program, &id)?;
        test.world.join(id, Box::new(process));
    }
    test.run()
}

struct Test {
    options: Options,
    workload: Box<dyn Workload>,
    world: World,
    rng: Pcg64Mcg,
    workers: Workers,
    history: History,
    /// When the first operation could begin; the history counts from there.
    origin: Duration,
}

/// A part of a test in which one generator gives the operations.
struct Phase {
    generator: Box<dyn Generator>,
    /// How far operations are apart on average; `None`: as soon as they can be.
    interval: Option<Duration>,
    next_operation: Duration,
    /// Set while the generator has nothing to give: until something changes, or until then.
    waiting: Option<Option<Duration>>,
    /// When the next fault begins or ends.
    next_fault: Option<Duration>,
    partitioned: bool,
    end: Option<Duration>,
}

impl Test {
    fn new(workload: Box<dyn Workload>, options: Options, host: Option<Host>) -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed);
        let mut world = World::new(&options, Pcg64Mcg::seed_from_u64(rng.next_u64()), host);
        for (id, service) in services::all(&mut rng) {
            world.join(id, service);
        }
        let workers = Workers::new(&options);
        Self { options, workload, world, rng, workers, history: History::default(), origin: Duration::ZERO }
    }

    fn run(mut self) -> Result<Report, RunError> {
        self.prepare()?;
        self.work();
        self.conclude();
        match self.world.find_crash() {
            Some(crash) => Err(crash.into()),
            None => Ok(self.judge()),
        }
    }

    /// Time since the first operation could begin.
    fn now(&self) -> Duration {
        self.world.now() - self.origin
    }

    /// Tells every node its id, then lets the workload speak to each.
    fn prepare(&mut self) -> Result<(), RunError> {
        let ids: Vec<NodeId> = self.options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        let mut acts = Vec::new();
        for id in &ids {
            let seated = self.workers.seat(&mut self.world, &mut self.rng);
            let client = Client::new(seated.cx.clone(), id.clone());
            let init = Init { node_id: id.clone(), node_ids: ids.clone() };
            acts.push((id.clone(), seated, async move { client.call_within(&init, INIT_TIMEOUT).await.map(|_| ()) }));
        }
        self.finish_setup(acts)?;
        let mut acts = Vec::new();
        for id in &ids {
            let seated = self.workers.seat(&mut self.world, &mut self.rng);
            let setup = self.workload.setup(Client::new(seated.cx.clone(), id.clone()), &self.options);
            acts.push((id.clone(), seated, setup));
        }
        self.finish_setup(acts)?;
        self.origin = self.world.now();
        Ok(())
    }

    /// Waits for clients that speak to nodes, and takes them off the network.
    fn finish_setup<F>(&mut self, acts: Vec<(NodeId, Seated, F)>) -> Result<(), RunError>
    where
        F: Future<Output = Result<(), CallError>> + 'static,
    {
        let results = Rc::new(RefCell::new(Vec::new()));
        let (expected, mut seats) = (acts.len(), Vec::new());
        for (node, seated, act) in acts {
            let results = Rc::clone(&results);
            seated.cx.spawn(async move {
                let result = act.await;
                results.borrow_mut().push((node, result));
            });
            self.world.wake(seated.seat);
            seats.push(seated.seat);
        }
        while results.borrow().len() < expected && self.world.step_before(None) {}
        if let Some(crash) = self.world.crash() {
            return Err(crash.clone().into());
        }
        seats.into_iter().for_each(|seat| self.world.leave(seat));
        let results = results.take();
        match results.into_iter().find_map(|(node, result)| Some((node, result.err()?))) {
            None => Ok(()),
            Some((node, cause)) => Err(RunError::Setup { node, cause, complaints: self.world.take_complaints() }),
        }
    }

    /// Clients and nemesis work until the time is up and every client is done.
    fn work(&mut self) {
        let pace = (self.options.rate > 0.0).then(|| Duration::from_secs_f64(self.options.rate.recip().min(1e9)));
        let now = self.now();
        self.drive(Phase {
            generator: self.workload.generator(&self.options),
            interval: pace,
            next_operation: if pace.is_some() { now } else { Duration::MAX },
            waiting: None,
            next_fault: self.options.nemesis.contains(&Fault::Partition).then_some(now),
            partitioned: false,
            end: Some(now + self.options.time_limit),
        });
    }

    /// Heals, rests, and has the clients do their last operations.
    fn conclude(&mut self) {
        let Some(generator) = self.workload.last_generator(&self.options) else { return };
        if self.options.nemesis.contains(&Fault::Partition) {
            self.heal();
        }
        let rested = self.now() + RECOVERY;
        while self.step_before(Some(rested)) {}
        let next_operation = self.now();
        self.drive(Phase {
            generator,
            interval: None,
            next_operation,
            waiting: None,
            next_fault: None,
            partitioned: false,
            end: None,
        });
    }

    /// Runs a phase: begins operations until its generator has nothing more to give, or its time is up, and waits until
    /// all have ended. The generator hears of the late ones, too (jepsen: `phases` moves on when all threads are free).
    fn drive(&mut self, mut phase: Phase) {
        self.begin_operations(&mut phase);
        while !self.workers.all_free() && self.observed_step(&mut phase, None) {}
    }

    fn begin_operations(&mut self, phase: &mut Phase) {
        while self.world.crash().is_none() {
            let at = self.next_of(phase);
            let begins_too_late = |end| at.is_none_or(|at| at >= end);
            if phase.end.is_some_and(|end| begins_too_late(end) && (at.is_some() || self.now() >= end)) {
                return;
            }
            let until = at.or(phase.end);
            if self.observed_step(phase, until) {
                continue;
            }
            if phase.next_fault.is_some() && phase.next_fault == at {
                self.flip(&mut phase.partitioned);
                phase.next_fault = Some(self.now() + self.stagger(self.options.nemesis_interval));
            } else if until.is_none() || at.is_some() && !self.ask(phase) {
                return;
            }
        }
    }

    /// When the phase does something next by itself.
    fn next_of(&self, phase: &Phase) -> Option<Duration> {
        let now = self.now();
        let operation = match phase.waiting {
            None => Some(phase.next_operation),
            Some(until) => until.map(|until| until.max(phase.next_operation)),
        };
        let operation = operation.filter(|at| *at < Duration::MAX && !self.workers.free().is_empty());
        operation.into_iter().chain(phase.next_fault).map(|at| at.max(now)).min()
    }

    /// Asks the phase's generator for an operation; says whether there will be more.
    fn ask(&mut self, phase: &mut Phase) -> bool {
        let (now, free) = (self.now(), self.workers.free());
        let mut moment = Moment { now, processes: self.workers.processes(), free: &free, rng: &mut self.rng };
        match phase.generator.next(&mut moment) {
            Next::Done => return false,
            Next::Wait(until) => phase.waiting = Some(until),
            Next::Invoke(worker, invocation) => {
                phase.waiting = None;
                let surroundings = (&mut self.world, &mut self.rng);
                let rules = (&*self.workload, &self.options);
                let op = self.workers.begin(worker, invocation, now, surroundings, rules);
                let begun = self.history.ops().len();
                self.history.push(op);
                self.complete();
                self.history.ops()[begun..].iter().for_each(|op| phase.generator.observe(op));
                if let Some(interval) = phase.interval {
                    phase.next_operation = now + self.stagger(interval);
                }
            }
        }
        true
    }

    /// Up to twice the mean, evenly.
    fn stagger(&mut self, mean: Duration) -> Duration {
        (mean * 2).mul_f64(self.rng.random())
    }

    /// Lets the next thing happen if one does before `time`; else waits until then.
    fn step_before(&mut self, time: Option<Duration>) -> bool {
        let happened = self.world.step_before(time.map(|time| self.origin + time));
        self.complete();
        happened
    }

    /// Lets the next thing happen if one does before `time`, and the phase's generator hear of it.
    fn observed_step(&mut self, phase: &mut Phase, time: Option<Duration>) -> bool {
        let ended = self.history.ops().len();
        let happened = self.step_before(time);
        if happened && self.history.ops().len() > ended {
            phase.waiting = None;
            self.history.ops()[ended..].iter().for_each(|op| phase.generator.observe(op));
        }
        happened
    }

    /// Notes operations that have ended.
    fn complete(&mut self) {
        let now = self.now();
        for op in self.workers.complete(now, &mut self.world, &*self.workload) {
            self.history.push(op);
        }
    }

    /// Begins a partition, or ends one.
    fn flip(&mut self, partitioned: &mut bool) {
        *partitioned = !*partitioned;
        if !*partitioned {
            return self.heal();
        }
        let partition = Partition::draw(&mut self.rng);
        let grudge = partition.grudge(&self.options.nodes, &mut self.rng);
        self.note("start-partition", Any::from(partition.name()));
        self.note("start-partition", Any::new(&json!(["isolated", grudge])));
        self.world.network.partition(grudge);
    }

    fn heal(&mut self) {
        self.note("stop-partition", Any::null());
        self.world.network.heal();
        self.note("stop-partition", Any::from("network-healed"));
    }

    /// Notes what the nemesis does.
    fn note(&mut self, f: &'static str, value: Any) {
        let time = self.now();
        let process = Process::Nemesis;
        self.history.push(Op { index: 0, time, kind: Kind::Info, process, f, value, error: None, extra: Vec::new() });
    }

    fn judge(mut self) -> Report {
        Report {
            workload: self.workload.name(),
            stats: stats::check(&self.history),
            availability: availability::check(&self.history, self.options.availability),
            exceptions: exceptions::check(&self.history),
            net: self.world.network.counts(),
            verdict: self.workload.check(&self.history, &self.options),
            journal: self.world.take_journal(),
            complaints: self.world.take_complaints(),
            history: self.history,
        }
    }
}
