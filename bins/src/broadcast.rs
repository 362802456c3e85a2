//! The arguments of the node `broadcast`, as a process and in simulation.

use clap::Parser;
use glomers_handlers::{StarBroadcast, durable::OpenError, star_broadcast::BUDGET};
use glomers_protocol::Context;
use std::time::Duration;

/// The arguments of the node `broadcast`.
#[derive(Clone, Debug, Parser)]
pub struct BroadcastArguments {
    /// The milliseconds within which a value must be on every node; a larger budget means fewer messages
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
}

impl BroadcastArguments {
    /// The node with these arguments.
    ///
    /// # Errors
    ///
    /// If the node cannot have its values back from the disk.
    pub fn node(&self, cx: &Context) -> Result<StarBroadcast, OpenError> {
        StarBroadcast::with_budget(cx, Duration::from_millis(self.latency_budget))
    }
}
