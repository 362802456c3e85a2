//! The results of a test.

use crate::{
    engine::{
        failure::NodeFailure,
        journal::Event,
        network::Counts,
        violation::{ViolationKind, Violations},
    },
    options::Options,
    run::{effect::Effect, load::Load},
    workload::{
        Workload,
        client::{MALFORMED, UNMATCHED},
    },
};
use glomers_checkers::{
    checker::set_full,
    finding::Finding,
    history::{History, Op},
    judgement::Judgement,
    validity::Validity,
};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A test's history and the verdicts on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The workload's name.
    pub workload: &'static str,
    /// The operations of the clients and the nemesis.
    pub history: History,
    /// The verdicts on it.
    pub judgement: Judgement,
    /// The number of messages on the network.
    pub net: Counts,
    /// Every message, if [`Options::journal`](crate::Options::journal) asks for it.
    pub journal: Vec<Event>,
    /// The nodes' violations of the protocol. Each is a strict finding as well; see [`Self::with_violations`].
    pub violations: Violations,
    /// The failure of a node that ended the test. There is no verdict then.
    pub failure: Option<NodeFailure>,
    /// The operations begun and due before the time limit; `None` if it was not run here.
    pub load: Option<Load>,
    /// The faults that were injected, and their effects.
    pub nemesis: Vec<Effect>,
    /// The configuration of the run; `None` if it was not run here.
    pub config: Option<TestConfig>,
}

/// The configuration of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct TestConfig {
    /// The options.
    pub options: Options,
    /// When the first operation could begin, since the network was set up: the history counts from there, the
    /// [`journal`](Report::journal) from before the nodes were told their ids.
    pub origin: Duration,
    /// The time at which it was stopped early, counted like the history.
    pub stopped: Option<Duration>,
}

impl Report {
    /// A report on a recorded history. Only the options that [`Judgement::of`] uses matter.
    pub fn of(workload: &dyn Workload, history: History, options: &Options) -> Self {
        let judgement = Judgement::of(&*workload.checker(), &history, &options.expectations());
        Self::bare(workload.name(), history, judgement)
    }

    /// A report on a schedule that was explored.
    pub(crate) fn explored(workload: &'static str, history: History, judgement: Judgement, config: TestConfig) -> Self {
        Self { config: Some(config), ..Self::bare(workload, history, judgement) }
    }

    fn bare(workload: &'static str, history: History, judgement: Judgement) -> Self {
        Self {
            workload,
            judgement,
            history,
            net: Counts::default(),
            journal: Vec::new(),
            violations: Violations::default(),
            failure: None,
            load: None,
            nemesis: Vec::new(),
            config: None,
        }
    }

    /// The same report with these messages.
    #[must_use]
    pub(crate) fn with_messages(self, net: Counts, journal: Vec<Event>) -> Self {
        Self { net, journal, ..self }
    }

    /// The worst of the verdicts; unknown if a node's failure ended the test.
    pub fn valid(&self) -> Validity {
        if self.failure.is_some() { Validity::Unknown } else { self.judgement.valid() }
    }

    /// The same report with these violations. They are strict findings: Maelstrom counts none of them by itself.
    #[must_use]
    pub fn with_violations(mut self, violations: Violations) -> Self {
        for cause in violations.causes() {
            let Some(first) = cause.examples.first() else { continue };
            let ops = self.history.ops().iter().filter(|op| shows(op, cause.kind)).map(|op| op.index);
            let finding = Finding::strict(cause.kind.name(), ops.collect::<Vec<_>>(), first.reason.clone());
            self.judgement.strict_findings.add(finding, cause.count);
        }
        Self { violations, ..self }
    }

    /// Messages between servers for each operation that began; `None` without operations.
    pub fn server_messages_per_operation(&self) -> Option<f64> {
        per_operation(self.net.servers.send_count, self.history.operation_count())
    }

    /// The operation latency at the quantiles 0, 0.5, 0.95, 0.99 and 1; `None` if no operation ended.
    pub fn latencies(&self) -> Option<[Duration; 5]> {
        // Nanoseconds, half as large as durations: a long run has millions.
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let mut took = Vec::with_capacity(self.judgement.stats.all.count);
        took.extend(self.history.completed().map(|(begun, ended)| nanos(ended.time.saturating_sub(begun.time))));
        Some(set_full::quantiles(took)?.map(Duration::from_nanos))
    }

    /// All results, with Maelstrom's key names; and those that Maelstrom has not: the seed, the load, the effects of
    /// the nemesis, and the seconds after which the test was stopped.
    pub fn results(&self) -> serde_json::Value {
        let operations = self.history.operation_count();
        let traffic = |traffic: crate::Traffic| {
            let mut counts = json!(traffic);
            counts["msg-count"] = json!(traffic.send_count);
            if let Some(average) = per_operation(traffic.send_count, operations) {
                counts["msgs-per-op"] = json!(average);
            }
            counts
        };
        let mut clients = traffic(self.net.clients);
        clients.as_object_mut().map(|counts| counts.remove("msgs-per-op"));
        let mut results = self.judgement.results();
        results["valid?"] = json!(self.valid());
        if let Some(failure) = &self.failure {
            results["failure"] = json!(failure);
        }
        if !self.violations.is_empty() {
            results["protocol-violations"] = json!(self.violations);
        }
        results["net"] = json!({
            "all": traffic(self.net.all),
            "clients": clients,
            "servers": traffic(self.net.servers),
            "valid?": true,
        });
        if let Some(config) = &self.config {
            results["seed"] = json!(config.options.seed);
        }
        if let Some(load) = self.load {
            results["load"] = json!(load);
        }
        if !self.nemesis.is_empty() {
            results["nemesis"] = json!(self.nemesis);
        }
        if let Some(stopped) = self.config.as_ref().and_then(|config| config.stopped) {
            results["stopped-after"] = json!(stopped.as_secs_f64());
        }
        results
    }
}

/// Tells whether an operation ended as it did because of such a violation. A client notes the reason in its error.
fn shows(op: &Op, kind: ViolationKind) -> bool {
    let mark = match kind {
        ViolationKind::MalformedAnswer => MALFORMED,
        ViolationKind::UnmatchedAnswer => UNMATCHED,
        _ => return false,
    };
    op.error().is_some_and(|error| error.as_str().contains(mark))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn per_operation(messages: usize, operations: usize) -> Option<f64> {
    (operations > 0).then(|| messages as f64 / operations as f64)
}

/// As its [`results`](Report::results).
impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.results().serialize(serializer)
    }
}
