//! The cost of broadcast at the size of challenges 3d and 3e, for three latency budgets, which it must keep.
use glomers_handlers::{StarBroadcast, star_broadcast::BUDGET};
use glomers_workbench::{Options, Report, Validity, options::Latency, simulate_with, workload};
use std::time::Duration;

/// 25 nodes, 100 operations a second, 100 ms of latency.
fn run(budget: Duration, seed: u64) -> Report {
    let options = Options::default()
        .node_count(25)
        .seed(seed)
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
        .latency(Latency { mean: Duration::from_millis(100), ..Latency::default() });
    simulate_with(workload::named("broadcast").unwrap(), &options, move |cx| StarBroadcast::with_budget(cx, budget))
        .unwrap()
}

/// Checks a run against the largest number of messages per operation, and the largest median and maximum latency in
/// milliseconds.
fn check(budget: Duration, messages: f64, median: u64, maximum: u64, seeds: u64) {
    for seed in 0..seeds {
        let report = run(budget, seed);
        let figures = format!("seed {seed}: {:?} {report}", report.server_messages_per_operation());
        assert_eq!(report.valid(), Validity::Valid, "{figures}");
        assert!(report.server_messages_per_operation().unwrap() <= messages, "{figures}");
        let latencies = &report.judgement.verdict.json()["stable-latencies"];
        assert!(latencies["0.5"].as_u64().unwrap() < median, "{figures}");
        assert!(latencies["1"].as_u64().unwrap() < maximum, "{figures}");
    }
}

fn challenge_3d(seeds: u64) {
    check(BUDGET, 1.2, 400, 600, seeds);
}

fn challenge_3e(seeds: u64) {
    check(Duration::from_millis(1750), 0.45, 1000, 2000, seeds);
}

fn low_latency(seeds: u64) {
    check(Duration::from_millis(150), 12.5, 101, 110, seeds);
}

over_seeds! {
    challenge_3d: 1, 5;
    challenge_3e: -, 5;
    low_latency: -, 5;
}
