//! The simulation of large clusters: `cargo bench --bench clusters`. Each size runs in its own process, which reports
//! its peak memory (on Linux).

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not part of the product"
)]

use glomers_handlers::StarBroadcast;
use glomers_workbench::{
    Options,
    options::{Concurrency, Latency},
    simulate, workload,
};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const SIZES: [usize; 4] = [25, 100, 400, 1600];

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().and_then(|size| size.parse().ok()) {
        Some(nodes) => measure(nodes),
        None => {
            println!(
                "{:>6} {:>8} {:>10} {:>10} {:>10} {:>9}",
                "nodes", "wall", "messages", "us/message", "per op", "memory"
            );
            let quick = std::env::args().any(|argument| argument == "--test");
            for size in &SIZES[..if quick { 1 } else { SIZES.len() }] {
                let status = Command::new(std::env::current_exe().unwrap()).arg(size.to_string()).status().unwrap();
                assert!(status.success());
            }
        }
    }
}

/// Broadcasts as in challenge 3d, with 200 operations whatever the size, and two nodes' worth of reads at the end.
fn measure(nodes: usize) {
    let options = Options::default()
        .node_count(nodes)
        .rate(100.0)
        .time_limit(Duration::from_secs(2))
        .latency(Latency { mean: Duration::from_millis(100), ..Latency::default() })
        .concurrency(Concurrency::Total(25));
    let begin = Instant::now();
    let report = simulate::<StarBroadcast>(workload::named("broadcast").unwrap(), &options).unwrap();
    let (wall, messages) = (begin.elapsed(), report.net.all.send_count);
    let per_operation = report.server_messages_per_operation().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = wall.as_secs_f64() * 1e6 / messages as f64;
    let memory = peak_memory() / 1024;
    println!("{nodes:>6} {wall:>8.1?} {messages:>10} {each:>10.2} {per_operation:>10.2} {memory:>6} MB");
}

/// In kilobytes; 0 where it is not known.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or(0, |peak| peak.trim().trim_end_matches(" kB").parse().unwrap())
}
