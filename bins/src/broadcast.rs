//! The arguments of the node `broadcast`, as a process and in simulation.

use crate::DataArguments;
use clap::Parser;
use glomers_handlers::{StarBroadcast, durable::OpenError, star_broadcast::BUDGET};
use glomers_protocol::Context;
use std::{path::PathBuf, time::Duration};

/// The arguments of the node `broadcast`.
#[derive(Clone, Debug, Parser)]
pub struct BroadcastArguments {
    /// The milliseconds within which a value must be on every node; a larger budget means fewer messages
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
    #[command(flatten)]
    data: DataArguments,
}

impl BroadcastArguments {
    /// The folder of the data, if one is given.
    pub fn data(&self) -> Option<PathBuf> {
        self.data.data.clone()
    }

    /// The node with these arguments.
    ///
    /// # Errors
    ///
    /// If the node cannot have its values back from the disk.
    pub fn node(&self, cx: &Context) -> Result<StarBroadcast, OpenError> {
        StarBroadcast::with_budget(cx, Duration::from_millis(self.latency_budget))
    }
}
