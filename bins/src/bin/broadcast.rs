//! The `broadcast` node: `broadcast --help` says what it is, and how to test it.

use clap::Parser;
use glomers_handlers::{Hub, hub::BUDGET};
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    /// Milliseconds that a value may take to be known everywhere: the more, the fewer messages.
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
}

fn main() -> std::io::Result<()> {
    let arguments = glomers::arguments::<Arguments, Hub>(env!("CARGO_BIN_NAME"));
    let budget = Duration::from_millis(arguments.latency_budget);
    glomers_protocol::run_with(move |cx| Hub::with_budget(cx, budget))
}
