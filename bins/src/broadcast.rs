//! The arguments of the node `broadcast`, as a process and in simulation.

use clap::Parser;
use glomers_handlers::{StarBroadcast, star_broadcast::BUDGET};
use glomers_protocol::Context;
use std::time::Duration;

/// The arguments of the node `broadcast`.
#[derive(Clone, Debug, Parser)]
pub struct BroadcastArguments {
    /// The milliseconds within which a value must be on every node; a larger budget means fewer messages
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
    /// Acknowledge a value only when another node has it too, for nodes that may be killed
    #[arg(long)]
    durable: bool,
}

impl BroadcastArguments {
    /// The node with these arguments.
    pub fn node(&self, cx: &Context) -> StarBroadcast {
        let node = StarBroadcast::with_budget(cx, Duration::from_millis(self.latency_budget));
        if self.durable { node.durable() } else { node }
    }
}
