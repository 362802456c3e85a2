//! The report of a run of the real Maelstrom: our own verdicts beside Maelstrom's counts of messages.

use glomers_checkers::recording::Recording;
use glomers_workbench::{Counts, Options, Report, Traffic, workload::Workload};
use serde_json::Value;

/// Judges a recorded run again.
pub fn report(recording: Recording, workload: &dyn Workload, options: &Options) -> Report {
    let net = counts(&recording.results["net"]);
    let mut report = Report::of(workload, recording.history, options);
    report.net = net;
    report
}

fn counts(net: &Value) -> Counts {
    let count = |value: &Value| value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let traffic = |part: &str| Traffic {
        send_count: count(&net[part]["send-count"]),
        recv_count: count(&net[part]["recv-count"]),
    };
    Counts { all: traffic("all"), clients: traffic("clients"), servers: traffic("servers") }
}
