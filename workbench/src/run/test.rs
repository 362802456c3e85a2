//! A test from the first `init` to the verdict, in Maelstrom's phases (Maelstrom: `core.clj`, `db.clj`): nodes are told
//! their ids, clients prepare the system, clients and nemesis work until the time is up, the network heals and rests, the
//! clients do their last operations, and the checkers judge the history.

use crate::{
    engine::{
        failure::{NodeFailure, NotReady},
        host::Host,
        services,
        violation::Violations,
        world::World,
    },
    options::Options,
    run::{
        nemesis::{Cycles, Processes, Spawn},
        phase::Phase,
        probe::{self, Probe},
        progress::{Observer, Stage, Watch},
        report::{Report, TestConfig},
        start::RunError,
        workers::{Seated, Workers},
    },
    workload::{
        Workload,
        client::{Client, ClientError},
        generator::Generator,
    },
};
use glomers_checkers::{history::History, judgement::Judgement};
use glomers_protocol::{NodeId, init::Init};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long a node may take to answer `init` (Maelstrom: `db.clj`).
pub(crate) const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the healed network rests before the last operations (Maelstrom: `core.clj`).
const RECOVERY: Duration = Duration::from_secs(10);

/// How long a network rests that no fault has disturbed, if the test ends early.
const SHORT_RECOVERY: Duration = Duration::from_secs(2);

pub(crate) struct Test<'a> {
    pub(crate) options: Options,
    pub(crate) workload: Box<dyn Workload>,
    pub(crate) world: World,
    pub(crate) rng: Pcg64Mcg,
    pub(crate) workers: Workers,
    pub(crate) processes: Processes,
    pub(crate) history: History,
    /// When the first operation could begin; the history counts from there.
    pub(crate) origin: Duration,
    pub(crate) watch: Watch<'a>,
}

impl<'a> Test<'a> {
    pub(crate) fn new(
        workload: Box<dyn Workload>,
        options: Options,
        spawn: Spawn,
        host: Option<Rc<Host>>,
        observer: Option<Observer<'a>>,
    ) -> Result<Self, RunError> {
        workload.accept(&options).map_err(RunError::Options)?;
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed);
        let mut world = World::new(&options, Pcg64Mcg::seed_from_u64(rng.next_u64()), host);
        for (id, service) in services::all(&options, &mut rng) {
            world.join(id, service);
        }
        let (workers, processes, origin) = (Workers::new(&options), Processes::new(spawn), Duration::ZERO);
        let (history, watch) = (History::default(), Watch::new(observer));
        Ok(Self { options, workload, world, rng, workers, processes, history, origin, watch })
    }

    pub(crate) fn run(mut self) -> Result<Report, RunError> {
        self.start_all()?;
        let not_ready = self.prepare()?;
        if not_ready.is_none() {
            let generator = self.work();
            self.conclude(generator);
        }
        if self.watch.is_aborted() {
            return Err(RunError::Stopped);
        }
        let failure = not_ready.or_else(|| self.world.find_crash().map(NodeFailure::Crash));
        let has_failed = failure.is_some();
        let report = self.judge(failure);
        if has_failed { Err(RunError::Node(Box::new(report))) } else { Ok(report) }
    }

    /// Time since the first operation could begin.
    pub(crate) fn now(&self) -> Duration {
        self.world.now() - self.origin
    }

    /// Tells every node its id, then lets the workload speak to each. Returns the first failure of a node.
    fn prepare(&mut self) -> Result<Option<NodeFailure>, RunError> {
        let ids = self.nodes();
        let mut acts = Vec::new();
        for id in &ids {
            let seated = self.workers.seat(&mut self.world, &mut self.rng);
            let client = Client::new(seated.endpoint.clone(), id.clone());
            let init = Init { node_id: id.clone(), node_ids: ids.clone() };
            acts.push((id.clone(), seated, async move { client.call_within(&init, INIT_TIMEOUT).await.map(|_| ()) }));
        }
        if let Some(failure) = self.finish_setup(acts)? {
            return Ok(Some(failure));
        }
        let mut acts = Vec::new();
        for id in &ids {
            let seated = self.workers.seat(&mut self.world, &mut self.rng);
            let setup = self.workload.setup(Client::new(seated.endpoint.clone(), id.clone()), &self.options);
            acts.push((id.clone(), seated, setup));
        }
        let failure = self.finish_setup(acts)?;
        self.origin = self.world.now();
        Ok(failure)
    }

    /// Waits for clients that speak to nodes, and takes them off the network.
    fn finish_setup<F>(&mut self, acts: Vec<(NodeId, Seated, F)>) -> Result<Option<NodeFailure>, RunError>
    where
        F: Future<Output = Result<(), ClientError>> + 'static,
    {
        let results = Rc::new(RefCell::new(Vec::new()));
        let (expected, mut clients) = (acts.len(), Vec::new());
        for (number, (node, seated, act)) in acts.into_iter().enumerate() {
            let results = Rc::clone(&results);
            seated.endpoint.spawn(async move {
                let result = act.await;
                results.borrow_mut().push((number, node, result));
            });
            self.world.wake(seated.id);
            clients.push(seated);
        }
        while results.borrow().len() < expected && !self.watch.is_halted() && self.step_before(None) {}
        if let Some(crash) = self.world.crash() {
            return Ok(Some(NodeFailure::Crash(crash.clone())));
        }
        if self.watch.is_halted() {
            return Err(RunError::Stopped);
        }
        clients.iter().for_each(|client| self.world.leave(client.id));
        let results = results.take();
        let failed = results.into_iter().find_map(|(number, node, result)| Some((number, node, result.err()?)));
        Ok(failed.map(|(number, node, error)| {
            let (request, expected) = clients[number].endpoint.last_request();
            let output = self.world.output(&node);
            NodeFailure::NotReady(NotReady { node, reason: error.to_string(), request, expected, output })
        }))
    }

    /// Clients and nemesis work until the time is up and every client is done. Returns where the operations came from.
    fn work(&mut self) -> Box<dyn Generator> {
        let pace = (self.options.rate > 0.0).then(|| Duration::from_secs_f64(self.options.rate.recip().min(1e9)));
        let now = self.now();
        let end = now + self.options.time_limit;
        self.enter(Stage::Work, Some(end));
        self.drive(Phase {
            generator: self.workload.generator(&self.options),
            interval: pace,
            next_operation: if pace.is_some() { now } else { Duration::MAX },
            waiting: None,
            is_exhausted: false,
            faults: Cycles::new(&self.options.nemesis, now),
            end: Some(end),
        })
    }

    /// Heals, rests, and has the clients do their last operations.
    fn conclude(&mut self, generator: Box<dyn Generator>) {
        let Some((generator, interval)) = self.final_generator(generator) else { return };
        self.end_all();
        let healed = self.now();
        self.enter(Stage::Recovery, Some(healed + self.rest()));
        while self.step_before(Some(healed + self.rest())) {}
        let next_operation = self.now();
        // Those of a test that was stopped are done, too, but nobody waits for them longer than for the network.
        let end = self.watch.stopped().map(|_| next_operation + RECOVERY);
        self.enter(Stage::FinalOperations, end);
        self.drive(Phase {
            generator,
            interval,
            next_operation,
            waiting: None,
            is_exhausted: false,
            faults: Cycles::none(),
            end,
        });
    }

    /// How long the healed network rests. Who stops a hosted test early does not wait for a network that was never
    /// disturbed; virtual time costs nothing.
    fn rest(&self) -> Duration {
        match self.watch.stopped() {
            _ if self.watch.is_aborted() => Duration::ZERO,
            Some(_) if self.world.is_hosted() && self.options.nemesis.is_empty() => SHORT_RECOVERY,
            _ => RECOVERY,
        }
    }

    /// Begins another stage, and shows it.
    fn enter(&mut self, stage: Stage, until: Option<Duration>) {
        self.watch.enter(stage, until);
        self.look();
    }

    /// The operations after the faults, if there are any, and how far they are apart.
    fn final_generator(&self, generator: Box<dyn Generator>) -> Option<(Box<dyn Generator>, Option<Duration>)> {
        let nodes = &self.options.nodes;
        match (self.workload.final_generator(&self.options), self.options.liveness) {
            (Some(last), true) => Some((Box::new(Probe::whole(last, nodes)), None)),
            (None, true) => {
                let probe = Probe::until_served(generator, nodes, self.options.clients());
                Some((Box::new(probe), Some(probe::PACE)))
            }
            (last, false) => Some((last?, None)),
        }
    }

    fn judge(mut self, failure: Option<NodeFailure>) -> Report {
        let mut violations = self.world.take_violations();
        self.unready().into_iter().for_each(|violation| violations.add("", violation));
        // Who wants a stop from here on comes too late for one.
        let stopped = self.watch.stopped();
        self.world.clear();
        self.enter(Stage::Checking, None);
        let report = Report {
            workload: self.workload.name(),
            judgement: Judgement::of(&*self.workload.checker(), &self.history, &self.options.expectations()),
            net: self.world.network.counts(),
            journal: self.world.take_journal(),
            violations: Violations::default(),
            failure,
            history: self.history,
            config: Some(TestConfig { options: self.options, origin: self.origin, stopped }),
        };
        report.with_violations(violations)
    }
}
