//! The `broadcast` node: `maelstrom test -w broadcast --bin target/release/broadcast`.

use clap::Parser;
use glomers_handlers::{Hub, hub::BUDGET};
use std::time::Duration;

/// A node for the broadcast workload.
#[derive(Parser)]
#[command(
    version,
    after_help = "Values travel in batches through the first node. A budget that leaves less than 50 ms for that besides \
                  the measured round trip sends each value straight to every node instead.\n\nChallenge 3d is passed as \
                  it is, with the fewest messages; 3e with --latency-budget 1750; --latency-budget 150 is fastest."
)]
struct Arguments {
    /// Milliseconds that a value may take to be known everywhere: the more, the fewer messages.
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
}

fn main() -> std::io::Result<()> {
    let budget = Duration::from_millis(Arguments::parse().latency_budget);
    glomers_protocol::run_with(move |cx| Hub::with_budget(cx, budget))
}
