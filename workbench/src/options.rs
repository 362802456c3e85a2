//! The options of a test, with Maelstrom's names and defaults (Maelstrom: `core.clj`, `opt-spec`; jepsen: `cli.clj`).

mod concurrency;
mod disk;
mod fault;
pub mod flags;
pub(crate) mod setters;
mod unsuitable;
mod value;

pub use concurrency::{Concurrency, ParseConcurrencyError};
pub use disk::DiskUse;
pub use fault::{Fault, UnknownFault};
pub use glomers_checkers::{budget::Budget, expectations::Availability};
pub use unsuitable::Unsuitable;
pub use value::{UnknownModel, ValueError};

use glomers_checkers::expectations::Expectations;
use setters::with_setters;
use std::{fmt, time::Duration};

with_setters! {
    /// The options of a test. They begin with [`Options::default`], Maelstrom's defaults, and each has a setter of
    /// its name:
    ///
    /// ```
    /// use glomers_workbench::{Options, options::Fault};
    ///
    /// let options = Options::default().rate(20.0).nemesis(vec![Fault::Partition]).seed(7);
    /// assert_eq!(options.seed, 7);
    /// ```
    pub struct Options {
        /// The ids of the nodes.
        nodes: Vec<String>,
        /// The number of clients that work at the same time.
        concurrency: Concurrency,
        /// The mean number of operations per second, all clients together.
        rate: f64,
        /// The time in which clients begin new operations.
        time_limit: Duration,
        /// The latency of messages between nodes.
        latency: Latency,
        /// The fraction of all messages that is lost, those of clients included: from 0 to 1.
        loss: f64,
        /// The tests in which nodes have a disk.
        disk: DiskUse,
        /// The mean time of a sync of a simulated disk. Each takes a time that is distributed exponentially.
        disk_latency: Duration,
        /// The faults to inject.
        nemesis: Vec<Fault>,
        /// The mean duration of a fault, and of the time between two faults.
        nemesis_interval: Duration,
        /// The command that injects the faults, for nodes that are not hosted here: a line for `sh`.
        nemesis_command: Option<String>,
        /// The neighbours that are proposed to each node.
        topology: Topology,
        /// The fraction of the operations that must succeed; `None`: any.
        availability: Option<Availability>,
        /// The consistency models that transactions are held to.
        consistency_models: Vec<String>,
        /// True to fail also on anomalies that Maelstrom does not check.
        strict: bool,
        /// The work and the memory that the search of a linearizability check may use.
        budget: Budget,
        /// True to require that each node serves its clients again after all faults. Maelstrom does not.
        liveness: bool,
        /// True to have the replicas of `lww-kv` learn of each other's writes, as the service promises. In Maelstrom they
        /// never do.
        merge_lww_kv: bool,
        /// True to have clients of the lin-kv workload use all nodes alike and read every key. Maelstrom's prefer the first
        /// node, and read only the first of several keys.
        even_lin_kv: bool,
        /// The number of keys that transactions and logs use at a time; `None`: the workload's own number.
        key_count: Option<usize>,
        /// The largest number of steps in a transaction.
        max_txn_length: usize,
        /// The number of writes to a key before a new key replaces it.
        max_writes_per_key: u64,
        /// The seed, which fixes every byte of a simulated run.
        seed: u64,
        /// True to record every message in the report.
        journal: bool,
        /// True to log each message when it is sent.
        log_send: bool,
        /// True to log each message when it is received.
        log_receive: bool,
    }
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
            disk: DiskUse::Auto,
            disk_latency: Duration::from_millis(1),
            nemesis: Vec::new(),
            nemesis_interval: Duration::from_secs(10),
            nemesis_command: None,
            topology: Topology::Grid,
            availability: None,
            consistency_models: vec!["strict-serializable".to_owned()],
            strict: false,
            budget: Budget::default(),
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
    /// Sets the nodes to `n0`, `n1` ..., `count` of them, as `--node-count` names them.
    #[must_use]
    pub fn node_count(mut self, count: usize) -> Self {
        self.nodes = (0..count).map(|number| format!("n{number}")).collect();
        self
    }

    /// The options that the checkers read.
    pub fn expectations(&self) -> Expectations {
        Expectations {
            availability: self.availability,
            consistency_models: self.consistency_models.clone(),
            strict: self.strict,
            budget: self.budget,
        }
    }

    /// Tells whether nodes have a disk.
    pub fn has_disk(&self) -> bool {
        self.disk.applies(&self.nemesis)
    }

    /// Checks that the disks that faults are to strike exist and can be struck.
    pub(crate) fn accept_disks(&self, is_hosted: bool) -> Result<(), Unsuitable> {
        self.disk.accept(&self.nemesis, is_hosted)
    }

    /// The number of clients.
    pub fn clients(&self) -> usize {
        match self.concurrency {
            Concurrency::Total(count) => count,
            Concurrency::PerNode(factor) => factor * self.nodes.len(),
        }
    }
}

/// `--latency` and `--latency-dist`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Latency {
    /// The mean.
    pub mean: Duration,
    /// The distribution of single latencies around the mean.
    pub distribution: Distribution,
}

/// `--latency-dist`: the distribution of latencies.
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
