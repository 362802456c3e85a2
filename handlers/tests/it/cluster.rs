//! A cluster of nodes over a network that is worse than the workbench's: it loses, duplicates and reorders messages, and cuts
//! links in one direction only. Tests send requests to the nodes directly and see every answer.
use glomers_protocol::{
    Context, Handler, Message, Node, NodeId, Payload, Request,
    init::Init,
    rand::{RngExt, SeedableRng},
};
use rand_pcg::Pcg64Mcg;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Nodes, and the messages between them.
pub(crate) struct Cluster<H> {
    pub(crate) rng: Pcg64Mcg,
    /// The number of messages between nodes.
    pub(crate) sent: usize,
    /// The answers to requests that may be answered later.
    pub(crate) answers: Vec<String>,
    /// The length of the longest message.
    pub(crate) longest: usize,
    ids: Vec<NodeId>,
    nodes: Vec<Node>,
    make: fn(&Context) -> H,
    /// When each node was started: its clock counts from there.
    births: Vec<Duration>,
    /// The nodes that are killed and not restarted.
    dead: BTreeSet<usize>,
    now: Duration,
    latency: Latency,
    /// The chance that a message is lost, and that one is doubled.
    pub(crate) noise: f64,
    /// The chance that with a message an old one comes once more, which any node has sent at any time.
    pub(crate) echo: f64,
    old: Vec<(usize, String)>,
    /// Alters a message, given its receiver and text.
    pub(crate) tamper: Option<Tamper>,
    /// The links that carry nothing: from the first node to the second.
    cut: BTreeSet<(usize, usize)>,
    /// By the time of arrival.
    in_flight: BTreeMap<(Duration, usize), (usize, String)>,
}

/// Alters what arrives at a node.
pub(crate) type Tamper = Box<dyn FnMut(usize, String) -> String>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Latency {
    Constant(Duration),
    Exponential(Duration),
}

impl<H: Handler> Cluster<H> {
    pub(crate) fn new(seed: u64, count: usize, latency: Latency) -> Self {
        Self::with(seed, count, latency, H::init)
    }

    /// Nodes whose handlers are made in this way.
    pub(crate) fn with(seed: u64, count: usize, latency: Latency, make: fn(&Context) -> H) -> Self {
        let ids: Vec<NodeId> = (0..count).map(|number| NodeId::from(format!("n{number}").as_str())).collect();
        let nodes = (0..count).map(|number| Node::with(seed + number as u64, make)).collect();
        let (now, cut, in_flight) = (Duration::ZERO, BTreeSet::new(), BTreeMap::new());
        let (rng, births) = (Pcg64Mcg::seed_from_u64(seed), vec![now; count]);
        let (sent, answers, longest, noise, dead) = (0, Vec::new(), 0, 0.0, BTreeSet::new());
        let (echo, old, tamper) = (0.0, Vec::new(), None);
        let mut cluster = Self {
            rng,
            sent,
            answers,
            longest,
            ids,
            nodes,
            make,
            births,
            dead,
            now,
            latency,
            noise,
            echo,
            old,
            tamper,
            cut,
            in_flight,
        };
        (0..count).for_each(|node| cluster.init(node));
        cluster
    }

    /// Ends a node. What it has sent still arrives.
    pub(crate) fn kill(&mut self, node: usize) {
        self.dead.insert(node);
    }

    pub(crate) fn is_dead(&self, node: usize) -> bool {
        self.dead.contains(&node)
    }

    /// Ends a node, and starts it again with an empty memory; or starts one that was killed.
    pub(crate) fn restart(&mut self, node: usize) {
        self.dead.remove(&node);
        self.nodes[node] = Node::with(self.rng.random(), self.make);
        self.births[node] = self.now;
        self.init(node);
    }

    fn init(&mut self, node: usize) {
        let init = Init { node_id: self.ids[node].clone(), node_ids: self.ids.clone() };
        self.call(node, &init);
    }

    /// The time since the cluster was made.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// The number of nodes.
    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn handler(&self, node: usize) -> &H {
        self.nodes[node].handler().unwrap()
    }

    /// The answer to a request, which must come at once.
    pub(crate) fn call<R: Request>(&mut self, node: usize, request: &R) -> R::Response {
        self.deliver(node, 1, request);
        let answer = self.drain(node).expect("every request is answered at once");
        let message = Message::parse(&answer).unwrap();
        assert_eq!(message.wire_type(), R::Response::TYPE, "{answer}");
        message.payload().unwrap()
    }

    /// Makes a request that is answered among [`Self::answers`], at once or later.
    pub(crate) fn request<R: Request>(&mut self, node: usize, msg_id: i64, request: &R) {
        self.deliver(node, msg_id, request);
        let answer = self.drain(node);
        self.answers.extend(answer);
    }

    fn deliver<R: Request>(&mut self, node: usize, msg_id: i64, request: &R) {
        let mut body = json!(request);
        body["type"] = json!(R::TYPE);
        body["msg_id"] = json!(msg_id);
        let line = json!({"src": "c1", "dest": self.ids[node], "body": body}).to_string();
        self.nodes[node].deliver(line.as_bytes(), self.now - self.births[node]).unwrap();
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let arrival = self.in_flight.first_key_value().map(|((at, _), _)| *at);
            let deadline = (0..self.count())
                .filter(|node| !self.is_dead(*node))
                .filter_map(|node| Some((self.births[node] + self.nodes[node].deadline()?, node)))
                .min();
            match (arrival, deadline) {
                (Some(at), _) if at <= end && deadline.is_none_or(|(deadline, _)| at <= deadline) => {
                    let ((at, _), (node, line)) = self.in_flight.pop_first().unwrap();
                    self.now = at;
                    self.arrive(node, line);
                }
                (_, Some((at, node))) if at <= end => {
                    self.now = at;
                    self.nodes[node].advance(at - self.births[node]);
                    let answer = self.drain(node);
                    self.answers.extend(answer);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Has a message arrive at a node.
    pub(crate) fn arrive(&mut self, node: usize, mut line: String) {
        if let Some(tamper) = &mut self.tamper {
            line = tamper(node, line);
        }
        if !self.is_dead(node) {
            self.nodes[node].deliver(line.as_bytes(), self.now - self.births[node]).unwrap();
            let answer = self.drain(node);
            self.answers.extend(answer);
        }
    }

    /// Cuts each link, in each direction, with an even chance.
    pub(crate) fn partition(&mut self) {
        let count = self.count();
        let links = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        self.cut = links.filter(|_| self.rng.random()).collect();
    }

    /// Cuts a node off from all others.
    pub(crate) fn isolate(&mut self, node: usize) {
        self.cut = (0..self.count()).flat_map(|other| [(node, other), (other, node)]).collect();
    }

    /// Makes the network reliable again.
    pub(crate) fn heal(&mut self) {
        self.cut.clear();
        (self.noise, self.echo) = (0.0, 0.0);
    }

    /// Sends what the node has to say to other nodes, and returns what it has to say to the client.
    fn drain(&mut self, node: usize) -> Option<String> {
        let (mut lines, mut answer) = (Vec::new(), None);
        self.nodes[node].drain(|dest, line| lines.push((dest.clone(), line.to_owned())));
        for (dest, line) in lines {
            let Some(to) = self.ids.iter().position(|id| *id == dest) else {
                if let Some(earlier) = answer.replace(line) {
                    self.answers.push(earlier);
                }
                continue;
            };
            self.sent += 1;
            self.longest = self.longest.max(line.len());
            let copies = match self.rng.random::<f64>() {
                chance if self.cut.contains(&(node, to)) || chance < self.noise => 0,
                chance if chance < self.noise * 2.0 => 2,
                _ => 1,
            };
            for copy in 0..copies {
                let at = self.now + self.latency.draw(&mut self.rng);
                self.in_flight.insert((at, self.sent * 3 + copy), (to, line.clone()));
            }
            if self.echo > 0.0 {
                self.old.push((to, line));
                if self.rng.random::<f64>() < self.echo {
                    let old = self.old[self.rng.random_range(0..self.old.len())].clone();
                    self.in_flight.insert((self.now, self.sent * 3 + 2), old);
                }
            }
        }
        answer
    }
}

impl Latency {
    fn draw(self, rng: &mut Pcg64Mcg) -> Duration {
        match self {
            Self::Constant(latency) => latency,
            Self::Exponential(mean) => mean.mul_f64(-(1.0 - rng.random::<f64>()).ln()),
        }
    }
}

/// Lets clients `operate` on random nodes of a cluster for twenty seconds, while links break and messages get lost;
/// then heals the network, and waits until all is quiet.
pub(crate) fn storm<H: Handler>(seed: u64, mut operate: impl FnMut(&mut Cluster<H>, usize)) -> Cluster<H> {
    let mean = [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(200), Duration::from_secs(2)];
    let mean = mean[usize::try_from(seed / 2 % 4).unwrap()];
    let latency = if seed.is_multiple_of(2) { Latency::Constant(mean) } else { Latency::Exponential(mean) };
    let count = usize::try_from(seed % 5 + 1).unwrap();
    let mut cluster = Cluster::new(seed, count, latency);
    for second in 0..20 {
        match second % 5 {
            0 => cluster.noise = 0.1,
            1 | 3 => cluster.partition(),
            _ => cluster.cut.clear(),
        }
        for _ in 0..20 {
            let node = cluster.rng.random_range(0..count);
            operate(&mut cluster, node);
            cluster.run(Duration::from_millis(50));
        }
    }
    cluster.heal();
    cluster.run(Duration::from_secs(60));
    let sent = cluster.sent;
    cluster.run(Duration::from_secs(60));
    assert_eq!(cluster.sent, sent, "nobody has anything left to say");
    assert!(cluster.answers.is_empty(), "one answer to one request, at once: {:?}", cluster.answers);
    cluster
}
