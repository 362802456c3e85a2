//! Logs that are wrong on purpose must be found, on nearly every seed; right ones must never be blamed.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
    rand::RngExt,
};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, Distribution, Fault as Nemesis, Latency},
    simulate_with, workload,
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

const SEEDS: u64 = 10;

/// Logs in memory that all nodes share, which makes them equivalent to one node.
#[derive(Clone, Default)]
struct Logs {
    logs: Rc<RefCell<BTreeMap<String, Vec<OffsetMessage>>>>,
    fault: Fault,
}

/// The mistake that [`Logs`] makes.
#[derive(Clone, Copy, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    /// Gives one offset in ten to two messages.
    ReusesOffset,
    /// Confirms one message in twenty without storing it.
    Loses,
    /// Swaps the first two messages in one poll in ten.
    Swaps,
    /// Never shows the messages at every seventh offset.
    Hides,
    /// Stores one message in twenty twice.
    Repeats,
    /// Begins one poll in ten a message further back than it should.
    Rewinds,
}

#[handler(kafka)]
impl Logs {
    fn send(&self, cx: &Context, request: Send) -> SendOk {
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry(request.key).or_default();
        let strikes = |one_in| cx.rng().random_ratio(1, one_in);
        // Offsets with gaps: a log has the right to them.
        let next = log.last().map_or(0, |last| last.0.0 + 1 + i64::from(strikes(8)));
        let offset = match self.fault {
            Fault::ReusesOffset if next > 0 && strikes(10) => log.last().map_or(0, |last| last.0.0),
            _ => next,
        };
        if self.fault != Fault::Loses || !strikes(20) {
            log.push(OffsetMessage((offset, request.msg.clone())));
        }
        if self.fault == Fault::Repeats && strikes(20) {
            log.push(OffsetMessage((offset + 1, request.msg)));
        }
        SendOk { offset }
    }

    fn poll(&self, cx: &Context, request: Poll) -> PollOk {
        let logs = self.logs.borrow();
        let mut msgs = BTreeMap::new();
        for (key, offset) in request.offsets {
            let strikes = cx.rng().random_ratio(1, 10);
            let from = offset - i64::from(self.fault == Fault::Rewinds && strikes);
            let is_shown = |at: i64| at >= from && (self.fault != Fault::Hides || at % 7 != 3);
            let log = logs.get(&key).into_iter().flatten();
            let mut messages: Vec<OffsetMessage> = log.filter(|message| is_shown(message.0.0)).cloned().collect();
            if self.fault == Fault::Swaps && strikes && messages.len() > 2 {
                messages.swap(0, 1);
            }
            // A log without messages may be left out. That some nodes name it must not be held against them.
            if !messages.is_empty() || logs.contains_key(&key) {
                msgs.insert(key, messages);
            }
        }
        PollOk { msgs }
    }

    fn commit_offsets(&self, _: CommitOffsets) -> CommitOffsetsOk {
        CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _: ListCommittedOffsets) -> ListCommittedOffsetsOk {
        ListCommittedOffsetsOk { offsets: BTreeMap::new() }
    }
}

fn report(seed: u64, fault: Fault) -> Report {
    let options = Options::default()
        .node_count(2)
        .seed(seed)
        .concurrency(Concurrency::PerNode(2))
        .rate(50.0)
        .time_limit(Duration::from_secs(10))
        // Few logs, each long enough for the faults to strike in it.
        .key_count(Some(4))
        .max_writes_per_key(1000)
        .latency(Latency { mean: Duration::from_millis(20), distribution: Distribution::Exponential })
        .nemesis(vec![Nemesis::Partition])
        .nemesis_interval(Duration::from_secs(2));
    let logs = Logs { fault, ..Logs::default() };
    simulate_with(workload::named("kafka").unwrap(), &options, move |_: &Context| logs.clone()).unwrap()
}

/// On nearly every seed the fault is found, and by these names.
fn found(fault: Fault, anomalies: &[&str]) {
    let is_found = |seed: &u64| {
        let verdict = report(*seed, fault).judgement.verdict;
        let kinds = verdict.fault_kinds();
        verdict.valid == Validity::Invalid && anomalies.iter().all(|anomaly| kinds.contains(anomaly))
    };
    let count = (0..SEEDS).filter(is_found).count() as u64;
    assert!(count + 1 >= SEEDS, "{anomalies:?} on {count} of {SEEDS} seeds");
}

#[test]
fn right_logs_are_never_blamed() {
    for seed in 0..SEEDS {
        let report = report(seed, Fault::None);
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
        assert!(report.judgement.stats.by_f["send"].counts.ok_count > 100, "seed {seed}: {report}");
    }
}

#[test]
fn reused_offsets_are_found() {
    found(Fault::ReusesOffset, &["inconsistent-offsets"]);
}

#[test]
fn lost_messages_are_found() {
    found(Fault::Loses, &["lost-write", "unseen"]);
}

#[test]
fn disorder_is_found() {
    found(Fault::Swaps, &["int-nonmonotonic-poll", "int-poll-skip"]);
}

#[test]
fn hidden_messages_are_found() {
    found(Fault::Hides, &["lost-write", "int-poll-skip", "unseen"]);
}

#[test]
fn repeated_messages_are_found() {
    found(Fault::Repeats, &["duplicate"]);
}

#[test]
fn rewound_polls_are_found() {
    found(Fault::Rewinds, &["nonmonotonic-poll"]);
}

/// `cargo test --release --test kafka_mutants -- --ignored --nocapture` prints how the checker's time grows.
#[test]
#[ignore = "prints a table"]
fn time() {
    for rate in [100.0, 1000.0, 10_000.0] {
        let options = Options::default().rate(rate).time_limit(Duration::from_secs(20));
        let logs = Logs::default();
        let report =
            simulate_with(workload::named("kafka").unwrap(), &options, move |_: &Context| logs.clone()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the table says how long it took")]
        let begin = std::time::Instant::now();
        let kafka = glomers_workbench::checker::kafka::check(&report.history);
        let took = begin.elapsed();
        println!("| {} operations | {} | {took:.1?} |", report.history.operations().len(), kafka.valid);
    }
}
