//! Same seed, same bytes: history, journal and results of two runs.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes::Flood;
use glomers_workbench::{
    Options, Report,
    options::{Distribution, Fault, Latency},
    simulate, workload,
};
use std::time::Duration;

/// A run with everything that chance decides.
fn report(seed: u64) -> Report {
    let latency = Latency { mean: Duration::from_millis(20), distribution: Distribution::Exponential };
    let options = Options::default()
        .seed(seed)
        .journal(true)
        .latency(latency)
        .time_limit(Duration::from_secs(10))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(2));
    simulate::<Flood>(workload::named("broadcast").unwrap(), &options).unwrap()
}

fn bytes(report: &Report) -> String {
    let parts = (&report.history, &report.journal, &report.judgement.stats, &report.net, &report.judgement.verdict);
    serde_json::to_string(&parts).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let [first, second] = [report(7), report(7)].map(|report| bytes(&report));
    assert!(first.contains("start-partition") && first.len() > 100_000, "{} bytes", first.len());
    assert!(first == second, "two runs of seed 7 differ");
}

#[test]
fn another_seed_gives_others() {
    assert!(bytes(&report(7)) != bytes(&report(8)));
}
