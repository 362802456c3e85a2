//! The options of a test, with Maelstrom's names and defaults (Maelstrom: `core.clj`, `opt-spec`; jepsen: `cli.clj`).

use std::{str::FromStr, time::Duration};

/// How a test is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The nodes' ids.
    pub nodes: Vec<String>,
    /// How many clients work at the same time.
    pub concurrency: Concurrency,
    /// How many operations a second, all clients together, on average.
    pub rate: f64,
    /// How long clients begin new operations.
    pub time_limit: Duration,
    /// How long a message between nodes takes.
    pub latency: Latency,
    /// Which part of all messages is lost, clients' included: from 0 to 1.
    pub loss: f64,
    /// Which faults are injected.
    pub nemesis: Vec<Fault>,
    /// How long a fault, and the time between two faults, lasts on average.
    pub nemesis_interval: Duration,
    /// Which neighbours nodes are proposed.
    pub topology: Topology,
    /// Which part of the operations must succeed.
    pub availability: Option<Availability>,
    /// Which consistency models transactions are held to.
    pub consistency_models: Vec<String>,
    /// Whether faults that Maelstrom does not look for count.
    pub strict: bool,
    /// How many keys transactions and logs work on at a time; `None`: the workload's own number.
    pub key_count: Option<usize>,
    /// How many steps a transaction has at most.
    pub max_txn_length: usize,
    /// How often a key is written before it makes way for a new one.
    pub max_writes_per_key: u64,
    /// Fixes every byte of a simulated run.
    pub seed: u64,
    /// Whether the report is to hold every message.
    pub journal: bool,
    /// Whether each message is logged as it is sent.
    pub log_send: bool,
    /// Whether each message is logged as it is received.
    pub log_receive: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: ["n1", "n2", "n3", "n4", "n5"].map(str::to_owned).to_vec(),
            concurrency: Concurrency::PerNode(1),
            rate: 5.0,
            time_limit: Duration::from_secs(60),
            latency: Latency::default(),
            loss: 0.0,
            nemesis: Vec::new(),
            nemesis_interval: Duration::from_secs(10),
            topology: Topology::Grid,
            availability: None,
            consistency_models: vec!["strict-serializable".to_owned()],
            strict: false,
            key_count: None,
            max_txn_length: 4,
            max_writes_per_key: 16,
            seed: 0,
            journal: false,
            log_send: false,
            log_receive: false,
        }
    }
}

impl Options {
    /// With `count` nodes `n0`, `n1` ..., as `--node-count` names them.
    #[must_use]
    pub fn with_node_count(mut self, count: usize) -> Self {
        self.nodes = (0..count).map(|number| format!("n{number}")).collect();
        self
    }

    /// How many clients there are.
    pub(crate) fn clients(&self) -> usize {
        match self.concurrency {
            Concurrency::Total(count) => count,
            Concurrency::PerNode(factor) => factor * self.nodes.len(),
        }
    }
}

/// `--concurrency`: a number, or a multiple of the number of nodes, such as `2n`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Concurrency {
    /// This many clients.
    Total(usize),
    /// This many clients a node.
    PerNode(usize),
}

impl FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |number: &str| number.parse().ok().filter(|number| *number > 0);
        let parsed = match text.strip_suffix('n') {
            Some(factor) => parse(factor).map(Self::PerNode),
            None => parse(text).map(Self::Total),
        };
        parsed.ok_or_else(|| format!("expected a number or a multiple of the nodes such as `2n`, not `{text}`"))
    }
}

/// `--latency` and `--latency-dist`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Latency {
    /// The mean.
    pub mean: Duration,
    /// How single latencies spread around it.
    pub distribution: Distribution,
}

/// `--latency-dist`: how latencies spread.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Distribution {
    /// Always the mean.
    #[default]
    Constant,
    /// Evenly from 0 to twice the mean.
    Uniform,
    /// Exponentially.
    Exponential,
}

/// `--nemesis`: a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nodes that do not hear each other.
    Partition,
}

/// `--topology`: which neighbours nodes are proposed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topology {
    /// One behind the other.
    Line,
    /// A square.
    Grid,
    /// A tree in which each node has up to this many children.
    Tree(usize),
    /// Everybody and everybody else.
    Total,
}

/// `--availability`: which part of the operations must succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Availability {
    /// All of them.
    Total,
    /// At least this fraction.
    AtLeast(f64),
}
