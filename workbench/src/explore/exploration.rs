//! The bounds of an exploration.

use crate::{
    explore::schedule::Schedule,
    options::{Options, setters::with_setters},
};
use std::{fmt, str::FromStr, time::Duration};

/// The order of messages on a link, which leads from one participant to another.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// As they were sent.
    #[default]
    Fifo,
    /// Any.
    Any,
}

/// The way in which schedules are chosen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// Every schedule within the bounds, once.
    #[default]
    All,
    /// Random priorities with a few random changes (Burckhardt et al., "A Randomized Scheduler with Probabilistic
    /// Guarantees of Finding Bugs", 2010). A mistake that shows when a certain `depth` of steps come in a certain order is
    /// found by each schedule with a known probability.
    Pct {
        /// The number of steps whose order matters: one more than the number of changes of priority.
        depth: usize,
    },
    /// Each step evenly among those that are possible.
    Random,
}

impl Mode {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Pct { .. } => "pct",
            Self::Random => "random",
        }
    }
}

impl Order {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Any => "any",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a name that is neither `fifo` nor `any`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("got the order `{0}`, expected `fifo` or `any`")]
pub struct UnknownOrder(String);

impl FromStr for Order {
    type Err = UnknownOrder;

    fn from_str(name: &str) -> Result<Self, UnknownOrder> {
        let known = [Self::Fifo, Self::Any].into_iter().find(|order| order.name() == name);
        known.ok_or_else(|| UnknownOrder(name.to_owned()))
    }
}

with_setters! {
    /// The bounds of an exploration. They begin with [`Exploration::default`]: two nodes, three operations, no faults and
    /// no timers. Each has a setter of its name.
    ///
    /// ```
    /// use glomers_workbench::{Options, explore::Exploration};
    ///
    /// let exploration = Exploration::default().operations(4).drops(1);
    /// assert_eq!((exploration.drops, exploration.options.nodes.len()), (1, 2));
    /// ```
    pub struct Exploration {
        /// The options of the cluster, its clients and its checker. Rate, time limit, latency, loss and nemesis do not matter. The
        /// seed draws the operations and the nodes' random numbers.
        options: Options,
        /// The number of operations, all clients together.
        operations: usize,
        /// The way in which schedules are chosen.
        mode: Mode,
        /// The order of messages on a link.
        order: Order,
        /// The largest number of messages that are lost. Those of clients are not.
        drops: usize,
        /// The largest number of messages between nodes that come twice.
        duplicates: usize,
        /// The largest number of crashes of nodes.
        crashes: usize,
        /// The largest number of times that a node is cut off from all other nodes.
        partitions: usize,
        /// The largest number of timers that fire before the rest of a schedule is run by time. Timers that are due at once do
        /// not count.
        timers: usize,
        /// The time by which clocks may differ: a timer may fire although another is due up to this time earlier.
        drift: Duration,
        /// The time for which the cluster runs by itself before the first choice, for example to elect a leader.
        warm_up: Duration,
        /// The largest number of steps of a schedule. The rest is run by time.
        depth: usize,
        /// The number of schedules after which the exploration ends; `None`: when all are explored. Random modes always need one,
        /// and take 1,000 if it is `None`.
        max_schedules: Option<u64>,
        /// False to explore also schedules that differ from another one only in the order of independent steps, to see how many
        /// there are.
        reduction: bool,
        /// The number of threads.
        threads: usize,
        /// A schedule to repeat instead.
        schedule: Option<Schedule>,
    }
}

impl Default for Exploration {
    fn default() -> Self {
        let options = Options::default().node_count(2).strict(true).key_count(Some(2)).max_txn_length(3);
        Self {
            options,
            operations: 3,
            mode: Mode::All,
            order: Order::Fifo,
            drops: 0,
            duplicates: 0,
            crashes: 0,
            partitions: 0,
            timers: 0,
            drift: Duration::ZERO,
            warm_up: Duration::ZERO,
            depth: 200,
            max_schedules: None,
            reduction: true,
            threads: 1,
            schedule: None,
        }
    }
}

impl Exploration {
    /// Sets the number of nodes.
    #[must_use]
    pub fn node_count(mut self, count: usize) -> Self {
        self.options = self.options.node_count(count);
        self
    }

    /// Sets the seed, which draws the operations.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Sets whether every node must serve its clients again in the end.
    #[must_use]
    pub fn liveness(mut self, liveness: bool) -> Self {
        self.options.liveness = liveness;
        self
    }
}
