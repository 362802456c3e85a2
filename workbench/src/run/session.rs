//! The state of a test that runs: the network, the clients, the history, the clock and the random numbers. The
//! lifecycle, the interpreter and the nemesis act on it and keep nothing of it themselves, so there is one place where
//! time passes and one where entries are written.

use crate::{
    engine::{
        host::Host,
        services::{self, Services},
        world::World,
    },
    options::{Options, Unsuitable},
    run::{
        error::RunError,
        progress::{Observer, Stage, Watch},
        workers::{JoinedClient, Workers},
    },
    workload::{
        Connection, Workload,
        client::{Client, Endpoint},
        generator::Invocation,
    },
};
use glomers_checkers::history::{History, Kind, Name, Op, Process};
use glomers_protocol::{Json, NodeId};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{rc::Rc, time::Duration};

/// A test that runs.
pub(crate) struct Session<'a> {
    pub(crate) options: Rc<Options>,
    pub(crate) workload: Box<dyn Workload>,
    pub(crate) world: World,
    pub(crate) rng: Pcg64Mcg,
    pub(crate) workers: Workers,
    pub(crate) history: History,
    /// The time at which the first operation could begin; the history counts from there.
    pub(crate) origin: Duration,
    pub(crate) watch: Watch<'a>,
    /// The number of clients there have been.
    clients: u64,
}

/// The seed of the world, the random numbers of the session, and the services.
pub(crate) fn services(options: &Options) -> (u64, Pcg64Mcg, Services) {
    let mut rng = Pcg64Mcg::seed_from_u64(options.seed);
    let seed = rng.next_u64();
    let services = services::all(options, &mut rng);
    (seed, rng, services)
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        workload: Box<dyn Workload>,
        options: Options,
        host: Option<Rc<Host>>,
        observer: Option<Observer<'a>>,
    ) -> Result<Self, RunError> {
        if options.time_limit.is_zero() {
            let reason = "the time limit is 0 s, in which nothing can be tested; it must be positive";
            return Err(Unsuitable::new("time_limit", reason).into());
        }
        options.accept_disks(host.is_some())?;
        workload.accept(&options)?;
        let (seed, rng, services) = services(&options);
        let mut world = World::new(&options, Pcg64Mcg::seed_from_u64(seed), host);
        for (id, service) in services {
            world.join(id, service);
        }
        let (workers, history, watch) = (Workers::new(&options), History::default(), Watch::new(observer));
        let options = Rc::new(options);
        Ok(Self { options, workload, world, rng, workers, history, origin: Duration::ZERO, watch, clients: 0 })
    }

    /// A copy with this world and workload. Its workers have no clients, and nobody observes it.
    pub(crate) fn fork(&self, workload: Box<dyn Workload>, world: World) -> Self {
        Self {
            options: Rc::clone(&self.options),
            workload,
            world,
            rng: self.rng.clone(),
            workers: self.workers.fork(),
            history: self.history.clone(),
            origin: self.origin,
            watch: Watch::new(None),
            clients: self.clients,
        }
    }

    /// The time since the first operation could begin.
    pub(crate) fn now(&self) -> Duration {
        self.world.now() - self.origin
    }

    /// The ids of the nodes.
    pub(crate) fn nodes(&self) -> Vec<NodeId> {
        self.options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect()
    }

    /// A random time up to twice the mean (jepsen: `stagger`).
    pub(crate) fn stagger(&mut self, mean: Duration) -> Duration {
        (mean * 2).mul_f64(self.rng.random())
    }

    /// Tells whether no operation may begin, because a process has ended or the observer stopped the test.
    pub(crate) fn is_halted(&self) -> bool {
        self.world.crash().is_some() || self.watch.is_halted()
    }

    /// Lets the next event happen if it does before `time`, or at all if there is none; else time passes until then.
    /// Returns whether an event happened.
    pub(crate) fn step_before(&mut self, time: Option<Duration>) -> bool {
        let happened = self.world.step_before(time.map(|time| self.origin + time));
        self.complete();
        if self.watch.is_due(self.world.is_hosted(), self.now()) {
            self.look();
        }
        happened
    }

    /// Begins another stage, and shows it.
    pub(crate) fn enter(&mut self, stage: Stage, until: Option<Duration>) {
        self.watch.enter(stage, until);
        self.look();
    }

    /// Shows the test to its observer.
    fn look(&mut self) {
        self.watch.look(&self.history, self.world.messages(), self.now());
    }

    /// Puts a new client on the network.
    pub(crate) fn join_client(&mut self) -> JoinedClient {
        let id = NodeId::from(format!("c{}", self.clients));
        self.clients += 1;
        let _ = self.rng.next_u64();
        let endpoint = Endpoint::new(id.clone());
        JoinedClient { id: self.world.join(id, Box::new(endpoint.clone())), endpoint }
    }

    /// Has the next clients be numbered from here on.
    pub(crate) fn number_clients_from(&mut self, number: u64) {
        self.clients = number;
    }

    /// Gives a worker a new client.
    pub(crate) fn seat(&mut self, worker: usize, joined: JoinedClient) -> Connection {
        let client = Client::new(joined.endpoint.clone(), self.workers.node(worker).clone());
        let connection = self.workload.connect(client, &self.options);
        self.workers.connect(worker, joined, Rc::clone(&connection));
        connection
    }

    /// Has a worker begin an operation.
    pub(crate) fn begin(&mut self, worker: usize, invocation: Invocation) {
        let (joined, connection) = match self.workers.connection(worker) {
            Some(connection) => connection,
            None => {
                let joined = self.join_client();
                let connection = self.seat(worker, joined.clone());
                (joined, connection)
            }
        };
        self.history.push(self.workers.begin(worker, &invocation, self.now()));
        let (act, done) = (connection(invocation), self.workers.done());
        joined.endpoint.spawn(async move {
            let outcome = act.await;
            done.borrow_mut().push((worker, outcome));
        });
        self.world.wake(joined.id);
        self.complete();
    }

    /// Gives up the operations that are outstanding.
    pub(crate) fn abandon(&mut self) {
        self.workers.abandon(&mut self.world);
        self.complete();
    }

    /// Writes down the operations that have ended.
    pub(crate) fn complete(&mut self) {
        if !self.workers.has_ended() {
            return;
        }
        let now = self.now();
        for op in self.workers.complete(now, &mut self.world, self.workload.is_reusable()) {
            self.history.push(op);
        }
    }

    /// Writes down a step of the nemesis.
    pub(crate) fn note(&mut self, f: impl Into<Name>, value: Json) {
        self.history.push(Op::new(self.now(), Process::Nemesis, Kind::Info, f, value));
    }
}
