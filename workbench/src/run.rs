//! A test from the first `init` to the verdict, in Maelstrom's phases (Maelstrom: `core.clj`, `db.clj`; jepsen:
//! `generator/interpreter.clj`): nodes are told their ids, clients prepare the system, clients and nemesis work until the
//! time is up, the network heals and rests, every client does one last operation, and the checkers judge the history.

use crate::{
    checker::{availability, set_full, stats},
    client::{Client, Nobody, Outcome},
    history::{History, Kind, Op, Process},
    nemesis::Partition,
    network::{Counts, Network},
    options::{Fault, Options},
    validity::Validity,
    workload::{Invocation, Verdict, Workload},
    world::{Packet, Seat, World},
};
use glomers_protocol::{Any, CallError, Context, Handler, Node, NodeId, init::Init};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

/// How long a node may take to answer `init` (Maelstrom: `db.clj`).
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the healed network rests before the last operations (Maelstrom: `core.clj`).
const RECOVERY: Duration = Duration::from_secs(10);

/// What a test found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// The workload's name.
    pub workload: &'static str,
    /// What clients and nemesis did.
    pub history: History,
    /// How many operations ended, and how.
    pub stats: stats::Stats,
    /// Which part of them succeeded.
    pub availability: availability::Availability,
    /// How much went over the network.
    pub net: Counts,
    /// The workload's own verdict.
    pub verdict: Verdict,
    /// Every message, if [`Options::journal`] asks for it.
    pub journal: Vec<Packet>,
}

impl Report {
    /// The gravest of the verdicts.
    pub fn valid(&self) -> Validity {
        self.stats.valid.max(self.availability.valid).max(self.verdict.valid)
    }

    /// Messages between servers for each operation that began.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn server_messages_per_operation(&self) -> f64 {
        let operations = self.history.operations().len();
        if operations == 0 { 0.0 } else { self.net.servers.send_count as f64 / operations as f64 }
    }

    /// How long operations took, at the quantiles 0, 0.5, 0.95, 0.99 and 1; `None` if none ended.
    pub fn latencies(&self) -> Option<[Duration; 5]> {
        let operations = self.history.operations();
        let took =
            |operation: &crate::history::Operation<'_>| Some(operation.completion?.time - operation.invocation.time);
        set_full::quantiles(operations.iter().filter_map(took).collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.stats.all;
        writeln!(f, "{}: {} ({} of {} operations ok)", self.workload, self.valid(), counts.ok_count, counts.count)?;
        writeln!(f, "availability: {} ({})", self.availability.valid, self.availability.ok_fraction)?;
        write!(f, "checker: {} {:#}", self.verdict.valid, self.verdict.findings)
    }
}

/// Why a test could not begin.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{node} did not get ready: {cause}")]
pub struct SetupError {
    node: NodeId,
    cause: CallError,
}

/// Tests a cluster of `H` in simulation.
///
/// # Errors
///
/// A node did not answer `init` or what the workload says to it before the first operation.
pub fn run<H: Handler>(workload: Box<dyn Workload>, options: &Options) -> Result<Report, SetupError> {
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
) -> Result<Report, SetupError> {
    let mut test = Test::new(workload, options.clone());
    for id in &options.nodes {
        let seed = test.world.rng().next_u64();
        test.world.join(NodeId::from(id.as_str()), Box::new(Node::with(seed, make.clone())));
    }
    test.prepare()?;
    test.work();
    test.conclude();
    Ok(test.judge())
}

struct Test {
    options: Options,
    workload: Box<dyn Workload>,
    world: World,
    rng: Pcg64Mcg,
    workers: Vec<Worker>,
    /// Where the search for a free worker begins.
    next_worker: usize,
    clients: u64,
    history: History,
    /// When the first operation could begin; the history counts from there.
    origin: Duration,
    done: Rc<RefCell<Vec<(usize, Outcome)>>>,
}

/// A thread of jepsen's: a place at a node that one client after the other takes.
struct Worker {
    node: NodeId,
    process: u64,
    client: Option<Seated>,
    /// The operation it is doing.
    busy: Option<Op>,
}

/// A client on the network.
#[derive(Clone)]
struct Seated {
    seat: Seat,
    cx: Context,
}

impl Test {
    fn new(workload: Box<dyn Workload>, options: Options) -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed);
        let world = World::new(Network::new(options.latency), Pcg64Mcg::seed_from_u64(rng.next_u64()), options.journal);
        let nodes = options.nodes.iter().cycle().take(options.clients());
        let worker = |(process, node): (u64, &String)| Worker {
            node: NodeId::from(node.as_str()),
            process,
            client: None,
            busy: None,
        };
        let workers = (0..).zip(nodes).map(worker).collect();
        Self {
            options,
            workload,
            world,
            rng,
            workers,
            next_worker: 0,
            clients: 0,
            history: History::default(),
            origin: Duration::ZERO,
            done: Rc::default(),
        }
    }

    /// A new client on the network.
    fn seat_client(&mut self) -> Seated {
        let id = NodeId::from(format!("c{}", self.clients));
        self.clients += 1;
        let node = Node::serving(self.rng.next_u64(), id.clone(), Vec::new(), Nobody);
        let cx = node.context().clone();
        Seated { seat: self.world.join(id, Box::new(node)), cx }
    }

    /// Tells every node its id, then lets the workload speak to each.
    fn prepare(&mut self) -> Result<(), SetupError> {
        let ids: Vec<NodeId> = self.options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        let init = |client: Client, node: NodeId| {
            let init = Init { node_id: node, node_ids: ids.clone() };
            async move { client.call_within(&init, INIT_TIMEOUT).await.map(|_| ()) }
        };
        self.for_each_node(&ids, init)?;
        let options = self.options.clone();
        let setups: Vec<_> = ids.iter().map(|id| (id.clone(), self.seat_client())).collect();
        for (node, seated) in setups {
            let setup = self.workload.setup(Client::new(seated.cx.clone(), node.clone()), &options);
            self.finish_setup(vec![(node, seated, setup)])?;
        }
        self.origin = self.world.now();
        Ok(())
    }

    /// Has one client a node do something, all at the same time.
    fn for_each_node<F: Future<Output = Result<(), CallError>> + 'static>(
        &mut self,
        ids: &[NodeId],
        act: impl Fn(Client, NodeId) -> F,
    ) -> Result<(), SetupError> {
        let mut acts = Vec::new();
        for id in ids {
            let seated = self.seat_client();
            let future = act(Client::new(seated.cx.clone(), id.clone()), id.clone());
            acts.push((id.clone(), seated, future));
        }
        self.finish_setup(acts)
    }

    /// Waits for clients that speak to nodes, and takes them off the network.
    fn finish_setup<F: Future<Output = Result<(), CallError>> + 'static>(
        &mut self,
        acts: Vec<(NodeId, Seated, F)>,
    ) -> Result<(), SetupError> {
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
        while results.borrow().len() < expected && self.world.next().is_some() {
            self.world.step();
        }
        seats.into_iter().for_each(|seat| self.world.leave(seat));
        let results = results.take();
        results.into_iter().try_for_each(|(node, result)| result.map_err(|cause| SetupError { node, cause }))
    }

    /// Clients and nemesis work until the time is up and every client is done.
    fn work(&mut self) {
        let end = self.origin + self.options.time_limit;
        let interval = Duration::from_secs_f64(self.options.rate.recip().min(1e9));
        let partitions = self.options.nemesis.contains(&Fault::Partition);
        let (mut next_client, mut next_fault) = (self.world.now(), self.world.now());
        let mut partitioned = false;
        loop {
            let client = self.free_worker().filter(|_| self.options.rate > 0.0);
            let client_at = client.map(|_| next_client.max(self.world.now()));
            let fault_at = partitions.then(|| next_fault.max(self.world.now()));
            let operation_at = client_at.into_iter().chain(fault_at).min();
            if operation_at.is_some_and(|time| time >= end) || operation_at.is_none() && self.world.now() >= end {
                break;
            }
            if self.step_before(operation_at.unwrap_or(end)) {
                continue;
            }
            if fault_at.is_some() && fault_at == operation_at {
                self.flip(&mut partitioned);
                next_fault = self.world.now() + self.stagger(self.options.nemesis_interval);
            } else if let Some(worker) = client {
                let invocation = self.workload.generate(&mut self.rng);
                self.begin(worker, invocation, false);
                next_client = self.world.now() + self.stagger(interval);
            }
        }
        self.wait_for_workers();
    }

    /// Lets the next event happen if it comes before `time`; else waits until then.
    fn step_before(&mut self, time: Duration) -> bool {
        match self.world.next() {
            Some(next) if next <= time => {
                self.world.step();
                self.complete();
                true
            }
            _ => {
                self.world.wait_until(time);
                false
            }
        }
    }

    /// Up to twice the mean, evenly.
    fn stagger(&mut self, mean: Duration) -> Duration {
        (mean * 2).mul_f64(self.rng.random())
    }

    /// Heals, rests, and has every client do its last operation.
    fn conclude(&mut self) {
        let Some(last) = self.workload.last() else { return };
        if self.options.nemesis.contains(&Fault::Partition) {
            self.heal();
        }
        let rested = self.world.now() + RECOVERY;
        while self.step_before(rested) {}
        for worker in 0..self.workers.len() {
            self.begin(worker, last.clone(), true);
        }
        self.wait_for_workers();
    }

    fn wait_for_workers(&mut self) {
        while self.workers.iter().any(|worker| worker.busy.is_some()) && self.world.next().is_some() {
            self.world.step();
            self.complete();
        }
    }

    /// The next worker, in turn, that has nothing to do.
    fn free_worker(&self) -> Option<usize> {
        let count = self.workers.len();
        let turn = (0..count).map(|offset| (self.next_worker + offset) % count);
        turn.into_iter().find(|worker| self.workers[*worker].busy.is_none())
    }

    /// Has a worker begin an operation.
    fn begin(&mut self, worker: usize, invocation: Invocation, is_final: bool) {
        self.next_worker = worker + 1;
        let seated = match &self.workers[worker].client {
            Some(seated) => seated.clone(),
            None => {
                let seated = self.seat_client();
                self.workers[worker].client = Some(seated.clone());
                seated
            }
        };
        let op = Op {
            index: 0,
            time: self.world.now() - self.origin,
            kind: Kind::Invoke,
            process: Process::Client(self.workers[worker].process),
            f: invocation.f,
            value: invocation.value.clone(),
            error: None,
            is_final,
        };
        self.history.push(op.clone());
        let client = Client::new(seated.cx.clone(), self.workers[worker].node.clone());
        self.workers[worker].busy = Some(op);
        let (act, done) = (self.workload.invoke(client, invocation), Rc::clone(&self.done));
        seated.cx.spawn(async move {
            let outcome = act.await;
            done.borrow_mut().push((worker, outcome));
        });
        self.world.wake(seated.seat);
        self.complete();
    }

    /// Notes operations that have ended. A client that does not know how is replaced: its operation may still go on.
    fn complete(&mut self) {
        for (worker, outcome) in self.done.take() {
            let worker = &mut self.workers[worker];
            let Some(op) = worker.busy.take() else { continue };
            let (kind, value, error) = match outcome {
                Outcome::Ok(value) => (Kind::Ok, value, None),
                Outcome::Fail(error) => (Kind::Fail, op.value.clone(), Some(error)),
                Outcome::Info(error) => (Kind::Info, op.value.clone(), Some(error)),
            };
            self.history.push(Op { time: self.world.now() - self.origin, kind, value, error, ..op });
            if kind == Kind::Info {
                worker.process += self.options.clients() as u64;
                if let Some(seated) = worker.client.take_if(|_| !self.workload.is_reusable()) {
                    self.world.leave(seated.seat);
                }
            }
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
        let time = self.world.now() - self.origin;
        let process = Process::Nemesis;
        self.history.push(Op { index: 0, time, kind: Kind::Info, process, f, value, error: None, is_final: false });
    }

    fn judge(mut self) -> Report {
        Report {
            workload: self.workload.name(),
            stats: stats::check(&self.history),
            availability: availability::check(&self.history, self.options.availability),
            net: self.world.network.counts(),
            verdict: self.workload.check(&self.history),
            journal: self.world.take_journal(),
            history: self.history,
        }
    }
}
