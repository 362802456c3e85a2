//! The options of a test, with Maelstrom's names and defaults (Maelstrom: `core.clj`, `opt-spec`; jepsen: `cli.clj`).

mod fault;
pub mod flags;
mod number;

pub use fault::{Fault, UnknownFault};
pub use glomers_checkers::expectations::Availability;

use glomers_checkers::expectations::Expectations;
use std::{fmt, str::FromStr, time::Duration};

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
    /// Whether each node must serve its clients again when all faults are over; Maelstrom does not ask.
    pub liveness: bool,
    /// True to have the replicas of `lww-kv` learn of each other's writes, as the service promises. In Maelstrom they never
    /// do.
    pub merge_lww_kv: bool,
    /// True to have clients of the lin-kv workload use all nodes alike and read every key. Maelstrom's prefer the first
    /// node, and read only the first of several keys.
    pub even_lin_kv: bool,
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
            liveness: false,
            merge_lww_kv: false,
            even_lin_kv: false,
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

    /// The arguments with which `maelstrom test` runs the same test, without those that have their defaults. Loss,
    /// strictness, liveness and the faults that Maelstrom does not have ([`Fault::is_of_maelstrom`]) are left out.
    pub fn arguments(&self) -> Vec<String> {
        flags::words_for_maelstrom(self)
    }

    /// The options that the checkers read.
    pub fn expectations(&self) -> Expectations {
        Expectations {
            availability: self.availability,
            consistency_models: self.consistency_models.clone(),
            strict: self.strict,
        }
    }

    /// How many clients there are.
    pub fn clients(&self) -> usize {
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

/// As it is given: `3`, `2n`.
impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(count) => write!(f, "{count}"),
            Self::PerNode(factor) => write!(f, "{factor}n"),
        }
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

impl Distribution {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Uniform, Self::Exponential];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Uniform => "uniform",
            Self::Exponential => "exponential",
        }
    }
}

/// As it is given: `exponential`.
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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

impl Topology {
    /// The topologies by their names.
    pub const ALL: [(&str, Self); 7] = [
        ("line", Self::Line),
        ("grid", Self::Grid),
        ("tree", Self::Tree(2)),
        ("tree2", Self::Tree(2)),
        ("tree3", Self::Tree(3)),
        ("tree4", Self::Tree(4)),
        ("total", Self::Total),
    ];
}

/// As it is given: `tree3`.
impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line => f.write_str("line"),
            Self::Grid => f.write_str("grid"),
            Self::Tree(children) => write!(f, "tree{children}"),
            Self::Total => f.write_str("total"),
        }
    }
}
