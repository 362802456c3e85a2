//! The Gossip Glomers challenges (<https://fly.io/dist-sys/>): their official arguments and thresholds.

use crate::{
    options::{Availability, Concurrency, Fault, Latency, Options},
    run::{self, error::RunError, report::Report},
    workload,
};
use glomers_checkers::{checker::set_full::SetFull, text::significant, validity::Validity};
use glomers_protocol::Handler;
use std::{fmt, time::Duration};

/// A challenge.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Challenge {
    /// The number, such as `3c`.
    pub name: &'static str,
    /// The title.
    pub title: &'static str,
    /// The workload.
    pub workload: &'static str,
    /// The options.
    pub options: Options,
    /// The thresholds besides a valid run.
    pub thresholds: Option<Thresholds>,
    /// The arguments that the built-in node needs to pass.
    pub node_arguments: &'static [&'static str],
}

/// The thresholds of an efficient broadcast. A latency is the time until every node shows a value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// The messages between servers per operation.
    pub messages_per_operation: f64,
    /// The median latency.
    pub median: Duration,
    /// The largest latency.
    pub maximum: Duration,
}

impl Challenge {
    /// The figures of a run beside the challenge's thresholds; empty if it has none.
    pub fn measures(&self, report: &Report) -> Vec<Measure> {
        let Some(thresholds) = self.thresholds else { return Vec::new() };
        let stable = report.judgement.verdict.results().and_then(SetFull::median_and_maximum);
        let millis = |latency: Duration| latency.as_secs_f64() * 1e3;
        let (median, maximum) =
            stable.map_or((f64::INFINITY, f64::INFINITY), |(median, maximum)| (millis(median), millis(maximum)));
        let messages = report.server_messages_per_operation().unwrap_or_default();
        vec![
            Measure {
                name: "messages an operation",
                unit: "",
                value: messages,
                threshold: thresholds.messages_per_operation,
            },
            Measure { name: "median latency", unit: " ms", value: median, threshold: millis(thresholds.median) },
            Measure { name: "maximum latency", unit: " ms", value: maximum, threshold: millis(thresholds.maximum) },
        ]
    }

    /// The thresholds that a run misses.
    pub fn failures(&self, report: &Report) -> Vec<Measure> {
        self.measures(report).into_iter().filter(|measure| !measure.is_met()).collect()
    }
}

/// Simulates a cluster of `H` in the challenge with this number, such as `3c`: with its official arguments, and held to its
/// thresholds.
///
/// ```
/// use glomers_protocol::{handler, echo::{Echo, EchoOk}};
/// use glomers_workbench::challenge;
///
/// #[derive(Default)]
/// struct Parrot;
///
/// #[handler(echo)]
/// impl Parrot {
///     fn echo(&self, request: Echo) -> EchoOk {
///         EchoOk { echo: request.echo }
///     }
/// }
///
/// challenge::simulate::<Parrot>("1").unwrap_or_else(|error| panic!("{error}"));
/// ```
///
/// # Errors
///
/// There is no such challenge, or the node did not pass it.
pub fn simulate<H: Handler>(number: &str) -> Result<Report, ChallengeError> {
    simulate_with::<H>(number, |options| options)
}

/// The same, with options that `change` makes of the official ones.
///
/// # Errors
///
/// The same.
pub fn simulate_with<H: Handler>(
    number: &str,
    change: impl FnOnce(Options) -> Options,
) -> Result<Report, ChallengeError> {
    let known = challenges();
    let Some(challenge) = known.iter().find(|challenge| challenge.name == number) else {
        let known = known.iter().map(|challenge| challenge.name).collect::<Vec<_>>().join(", ");
        return Err(ChallengeError::Unknown { number: number.to_owned(), known });
    };
    let workload = workload::named(challenge.workload).expect("the workload of a challenge is built in");
    let report = run::start::simulate::<H>(workload, &change(challenge.options.clone()))?;
    let missed = challenge.failures(&report);
    match report.valid() == Validity::Valid && missed.is_empty() {
        true => Ok(report),
        false => Err(ChallengeError::Failed { number: challenge.name, report: Box::new(report), missed }),
    }
}

/// The reason for which a node did not pass a challenge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// There is no challenge of this number.
    #[error("there is no challenge `{number}`; known: {known}")]
    Unknown {
        /// The number.
        number: String,
        /// The numbers of all challenges.
        known: String,
    },
    /// The test came to no verdict.
    #[error("{0}")]
    Run(#[from] RunError),
    /// The run is not valid, or misses a threshold.
    #[error("challenge {number}: {report}{}", missed.iter().map(|missed| format!("\n  {:<13} {missed}", "missed")).collect::<String>())]
    Failed {
        /// The number.
        number: &'static str,
        /// The report.
        report: Box<Report>,
        /// The thresholds that the run misses.
        missed: Vec<Measure>,
    },
}

/// A figure of a run beside the threshold that it must stay below.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its unit, with a space before it; empty for a number.
    pub unit: &'static str,
    /// The figure; infinite if the run has none.
    pub value: f64,
    /// The threshold.
    pub threshold: f64,
}

impl Measure {
    /// Tells whether the figure is below the threshold.
    pub fn is_met(&self) -> bool {
        self.value < self.threshold
    }
}

/// `median latency: 242 ms, below 400 ms`, or by how much it missed the threshold.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, unit, value, threshold } = self;
        if !value.is_finite() {
            return write!(f, "{name}: none, must be below {threshold}{unit}");
        }
        write!(f, "{name}: {}{unit}, ", significant(*value))?;
        if self.is_met() {
            return write!(f, "below {threshold}{unit}");
        }
        let missed = significant((value - threshold) / threshold * 100.0);
        write!(f, "must be below {threshold}{unit}: missed by {}{unit} ({missed} %)", significant(value - threshold))
    }
}

/// The challenges, in order.
pub fn challenges() -> Vec<Challenge> {
    let challenge = |name, title, workload, options| Challenge {
        name,
        title,
        workload,
        options,
        thresholds: None,
        node_arguments: &[],
    };
    let limits = |nodes: usize, seconds: u64, rate: f64| Options {
        time_limit: Duration::from_secs(seconds),
        rate,
        ..Options::default().node_count(nodes)
    };
    let partitioned = |options: Options| Options { nemesis: vec![Fault::Partition], ..options };
    let millis = Duration::from_millis;
    let slow = |options: Options| Options { latency: Latency { mean: millis(100), ..Latency::default() }, ..options };
    let crowded = |options: Options| Options { concurrency: Concurrency::PerNode(2), ..options };
    let total = |options: Options| Options { availability: Some(Availability::Total), ..options };
    let transactions = |nodes, model: &str| Options {
        consistency_models: vec![model.to_owned()],
        ..total(crowded(limits(nodes, 20, 1000.0)))
    };
    vec![
        challenge("1", "Echo", "echo", limits(1, 10, 5.0)),
        challenge("2", "Unique ids", "unique-ids", total(partitioned(limits(3, 30, 1000.0)))),
        challenge("3a", "Broadcast, one node", "broadcast", limits(1, 20, 10.0)),
        challenge("3b", "Broadcast, five nodes", "broadcast", limits(5, 20, 10.0)),
        challenge("3c", "Broadcast, partitioned", "broadcast", partitioned(limits(5, 20, 10.0))),
        Challenge {
            thresholds: Some(Thresholds { messages_per_operation: 30.0, median: millis(400), maximum: millis(600) }),
            ..challenge("3d", "Broadcast, efficient", "broadcast", slow(limits(25, 20, 100.0)))
        },
        Challenge {
            thresholds: Some(Thresholds { messages_per_operation: 20.0, median: millis(1000), maximum: millis(2000) }),
            node_arguments: &["--latency-budget", "1750"],
            ..challenge("3e", "Broadcast, more so", "broadcast", slow(limits(25, 20, 100.0)))
        },
        challenge("4", "Grow-only counter", "g-counter", partitioned(limits(3, 20, 100.0))),
        challenge("5a", "Log, one node", "kafka", crowded(limits(1, 20, 1000.0))),
        challenge("5b", "Log, two nodes", "kafka", crowded(limits(2, 20, 1000.0))),
        challenge("5c", "Log, efficient", "kafka", crowded(limits(2, 20, 1000.0))),
        challenge("6a", "Txn, one node", "txn-rw-register", transactions(1, "read-uncommitted")),
        challenge("6b", "Txn, read uncommitted", "txn-rw-register", partitioned(transactions(2, "read-uncommitted"))),
        challenge("6c", "Txn, read committed", "txn-rw-register", partitioned(transactions(2, "read-committed"))),
    ]
}
