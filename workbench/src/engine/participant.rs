//! Whatever takes part in a network: nodes, clients, services.

use crate::engine::host::Crash;
use glomers_protocol::{Node, NodeId};
use std::time::Duration;

/// A participant that does nothing by itself: lines go in, time passes, lines come out. Times count from its start.
pub(crate) trait Process {
    /// Takes in the message `id`; what it cannot use it may report.
    fn deliver(&mut self, id: u64, line: &str, now: Duration);

    /// Lets time pass.
    fn advance(&mut self, now: Duration);

    /// When time should pass next, at the latest.
    fn deadline(&self) -> Option<Duration>;

    /// Hands over the lines to send, with their destinations.
    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, &str));

    /// The node in it, if it is one of this process.
    fn node(&self) -> Option<&Node> {
        None
    }

    /// Stops it where it is.
    fn pause(&mut self) {}

    /// Lets it go on.
    fn resume(&mut self) {}

    /// How it ended, if it has ended by itself or does so within `patience`.
    fn crash(&mut self, patience: Duration) -> Option<Crash> {
        let _ = patience;
        None
    }
}

/// What is left of a process that was killed.
pub(crate) struct Dead;

impl Process for Dead {
    fn deliver(&mut self, _: u64, _: &str, _: Duration) {}

    fn advance(&mut self, _: Duration) {}

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn drain(&mut self, _: &mut dyn FnMut(&NodeId, &str)) {}
}

impl Process for Node {
    fn deliver(&mut self, _: u64, line: &str, now: Duration) {
        // A line that a node cannot use is the sender's fault; on a terminal it would be on the node's stderr.
        let _ = self.deliver(line.as_bytes(), now);
    }

    fn advance(&mut self, now: Duration) {
        self.advance(now);
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline()
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, &str)) {
        self.drain(send);
    }

    fn node(&self) -> Option<&Node> {
        Some(self)
    }
}
