//! A [`Simulation`] on a network that is worse than the workbench's: it loses, doubles and reorders messages, brings
//! old ones once more, and cuts links in one direction only.
//!
//! Latencies are delays that the tamper decides about rather than those of the options. In Maelstrom a node that holds
//! a message until it is due takes no other, so a client's request would wait behind it, and tests could not ask for an
//! answer at once. Nor would a message reach a node that has started again in the meantime.

use glomers_protocol::{
    Context, Handler, IntoHandler, Message, Request,
    rand::{RngExt, SeedableRng},
};
use glomers_workbench::{
    Options,
    options::DiskUse,
    simulation::{self, Fate, Reply, SimulatedDisk, Simulation},
};
use rand_pcg::Pcg64Mcg;
use std::{cell::RefCell, collections::BTreeSet, rc::Rc, time::Duration};

const IDS: [&str; 7] = ["n0", "n1", "n2", "n3", "n4", "n5", "n6"];

/// Old messages arrive in steps of this time.
const STEP: Duration = Duration::from_millis(1);

/// A simulated cluster whose nodes have numbers, and the network between them.
pub(crate) struct Cluster {
    pub(crate) simulation: Simulation,
    pub(crate) rng: Pcg64Mcg,
    network: Rc<RefCell<Network>>,
}

/// The state of the network that decides the fate of messages.
struct Network {
    rng: Pcg64Mcg,
    latency: Latency,
    /// The chance that a message is lost, and that one is doubled.
    noise: f64,
    /// The chance that with a message an old one comes once more, which any node has sent at any time.
    echo: f64,
    old: Vec<Box<str>>,
    /// The old messages that are to come.
    due: Vec<Box<str>>,
    /// The requests that have a reply.
    answered: BTreeSet<i64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Latency {
    Constant(Duration),
    Exponential(Duration),
}

impl Cluster {
    pub(crate) fn new<H: Handler>(seed: u64, count: usize, latency: Latency) -> Self {
        Self::with::<H, _>(seed, count, latency, H::init)
    }

    /// A cluster of handlers that `make` makes.
    pub(crate) fn with<H: Handler, M: IntoHandler<H> + 'static>(
        seed: u64,
        count: usize,
        latency: Latency,
        make: fn(&Context) -> M,
    ) -> Self {
        Self::start(seed, count, latency, DiskUse::Never, make)
    }

    /// A cluster whose nodes have disks, which outlive them.
    pub(crate) fn with_disks<H: Handler, M: IntoHandler<H> + 'static>(
        seed: u64,
        count: usize,
        latency: Latency,
        make: fn(&Context) -> M,
    ) -> Self {
        Self::start(seed, count, latency, DiskUse::Always, make)
    }

    fn start<H: Handler, M: IntoHandler<H> + 'static>(
        seed: u64,
        count: usize,
        latency: Latency,
        disk: DiskUse,
        make: fn(&Context) -> M,
    ) -> Self {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let network = Rc::new(RefCell::new(Network {
            rng: Pcg64Mcg::seed_from_u64(rng.random()),
            latency,
            noise: 0.0,
            echo: 0.0,
            old: Vec::new(),
            due: Vec::new(),
            answered: BTreeSet::new(),
        }));
        let options = Options::default().node_count(count).seed(seed).disk(disk);
        let tampering = Rc::clone(&network);
        let tamper = move |message: &simulation::Message<'_>| tampering.borrow_mut().fate(message);
        Self { simulation: Simulation::with_tamper(&options, make, tamper).unwrap(), rng, network }
    }

    /// The number of nodes.
    pub(crate) fn count(&self) -> usize {
        self.simulation.nodes().len()
    }

    pub(crate) fn now(&self) -> Duration {
        self.simulation.now()
    }

    pub(crate) fn handler<H: Handler>(&self, node: usize) -> &H {
        self.simulation.handler(IDS[node])
    }

    /// The response to a request, which must come at once.
    pub(crate) fn call<R: Request<Response: 'static>>(&mut self, node: usize, request: &R) -> R::Response {
        let now = self.now();
        let response = self.simulation.call(IDS[node], request).unwrap();
        assert_eq!(self.now(), now, "every request is answered at once");
        response
    }

    /// Sends a request whose reply may come later.
    pub(crate) fn send<R: Request<Response: 'static>>(&mut self, node: usize, request: &R) -> Reply<R> {
        self.simulation.send(IDS[node], request)
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now() + duration;
        let step = if self.network.borrow().echo > 0.0 { STEP } else { duration };
        while self.now() < end {
            self.simulation.run_for(step.min(end - self.now()));
            let due = std::mem::take(&mut self.network.borrow_mut().due);
            due.iter().for_each(|line| self.simulation.inject(line));
        }
    }

    /// Ends a node. What it has sent still arrives.
    pub(crate) fn kill(&mut self, node: usize) {
        self.simulation.crash(IDS[node]);
    }

    pub(crate) fn is_dead(&self, node: usize) -> bool {
        !self.simulation.is_running(IDS[node])
    }

    /// The disk of a node.
    pub(crate) fn disk(&self, node: usize) -> SimulatedDisk {
        self.simulation.disk(IDS[node])
    }

    /// Ends a node, and starts it again with an empty memory; or starts one that was killed.
    pub(crate) fn restart(&mut self, node: usize) {
        self.simulation.restart(IDS[node]).unwrap();
    }

    /// Sets the chance that a message is lost, and that one is doubled.
    pub(crate) fn set_noise(&self, chance: f64) {
        self.network.borrow_mut().noise = chance;
    }

    /// Sets the chance that with a message an old one comes once more.
    pub(crate) fn set_echo(&self, chance: f64) {
        self.network.borrow_mut().echo = chance;
    }

    /// Cuts each link, in each direction, with an even chance.
    pub(crate) fn partition(&mut self) {
        self.simulation.heal();
        let ids = &IDS[..self.count()];
        for (from, to) in ids.iter().flat_map(|from| ids.iter().map(move |to| (from, to))) {
            if from != to && self.rng.random() {
                self.simulation.cut(from, to);
            }
        }
    }

    /// Cuts a node, and no other, off from all others.
    pub(crate) fn isolate(&mut self, node: usize) {
        self.simulation.heal();
        self.simulation.isolate(IDS[node]);
    }

    /// Brings old messages once more, and perhaps cuts links, or loses and doubles messages.
    pub(crate) fn trouble(&mut self) {
        self.set_echo(0.05);
        match self.rng.random_range(0..4) {
            0 => self.partition(),
            1 => self.set_noise(0.1),
            2 => {
                let node = self.rng.random_range(0..self.count());
                self.isolate(node);
            }
            _ => {}
        }
    }

    /// Kills a node, or restarts it if it is dead.
    pub(crate) fn kill_or_restart(&mut self, node: usize) {
        if self.is_dead(node) { self.restart(node) } else { self.kill(node) }
    }

    /// Makes the network reliable again.
    pub(crate) fn heal(&mut self) {
        self.simulation.heal();
        self.set_noise(0.0);
        self.set_echo(0.0);
    }

    /// From now on, the length of the longest message that a node gets from another.
    pub(crate) fn longest(&mut self) -> Rc<RefCell<usize>> {
        let longest = Rc::new(RefCell::new(0));
        let seen = Rc::clone(&longest);
        self.simulation.rewrite(move |message| {
            if is_between_nodes(message) {
                seen.replace_with(|longest| message.line.len().max(*longest));
            }
            None
        });
        longest
    }
}

impl Network {
    fn fate(&mut self, message: &simulation::Message<'_>) -> Fate {
        if !is_between_nodes(message) {
            let answered = Message::parse(message.line).unwrap().in_reply_to();
            assert!(answered.is_none_or(|number| self.answered.insert(number)), "a second answer: {}", message.line);
            return Fate::Deliver;
        }
        if self.echo > 0.0 {
            self.old.push(message.line.into());
            if self.rng.random_bool(self.echo) {
                self.due.push(self.old[self.rng.random_range(0..self.old.len())].clone());
            }
        }
        let latency = self.latency.draw(&mut self.rng);
        match self.rng.random::<f64>() {
            chance if chance < self.noise => Fate::Drop,
            chance if chance < self.noise * 2.0 => Fate::Repeat(latency),
            _ => Fate::Delay(latency),
        }
    }
}

pub(crate) fn is_between_nodes(message: &simulation::Message<'_>) -> bool {
    message.src.starts_with('n') && message.dest.starts_with('n')
}

impl Latency {
    /// One of four: zero, constant, or spread over two means.
    pub(crate) fn drawn(number: u64) -> Self {
        match number % 4 {
            0 => Self::Constant(Duration::ZERO),
            1 => Self::Constant(Duration::from_millis(5)),
            2 => Self::Exponential(Duration::from_millis(10)),
            _ => Self::Exponential(Duration::from_millis(50)),
        }
    }

    fn draw(self, rng: &mut Pcg64Mcg) -> Duration {
        match self {
            Self::Constant(latency) => latency,
            Self::Exponential(mean) => mean.mul_f64(-(1.0 - rng.random::<f64>()).ln()),
        }
    }
}

/// Lets clients `operate` on random nodes of a cluster for twenty seconds, while links break and messages get lost;
/// then heals the network, and waits until all is quiet.
pub(crate) fn storm<H: Handler>(seed: u64, mut operate: impl FnMut(&mut Cluster, usize)) -> Cluster {
    let mean = [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(200), Duration::from_secs(2)];
    let mean = mean[usize::try_from(seed / 2 % 4).unwrap()];
    let latency = if seed.is_multiple_of(2) { Latency::Constant(mean) } else { Latency::Exponential(mean) };
    let count = usize::try_from(seed % 5 + 1).unwrap();
    let mut cluster = Cluster::new::<H>(seed, count, latency);
    for second in 0..20 {
        match second % 5 {
            0 => cluster.set_noise(0.1),
            1 | 3 => cluster.partition(),
            _ => cluster.simulation.heal(),
        }
        for _ in 0..20 {
            let node = cluster.rng.random_range(0..count);
            operate(&mut cluster, node);
            cluster.run(Duration::from_millis(50));
        }
    }
    cluster.heal();
    let (minute, two_minutes) = (Duration::from_secs(60), Duration::from_secs(120));
    assert!(cluster.simulation.run_until_quiet(minute, two_minutes), "nobody has anything left to say");
    cluster
}
