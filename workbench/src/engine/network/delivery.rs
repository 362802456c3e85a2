//! The delivery of a message: the delay that faults add, and the latency of the network.

use std::time::Duration;

/// The delivery of a message to its receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Delivery {
    /// The delay that a fault adds before the inbox.
    pub(crate) extra_delay: Duration,
    /// The time in the inbox before it is due.
    pub(crate) latency: Duration,
}
