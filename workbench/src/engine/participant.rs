//! The interface of everything on the network: nodes, clients and services.

use crate::engine::{
    failure::{Crash, Output},
    violation::Violation,
};
use glomers_protocol::{Node, NodeId, Rejected};
use std::{rc::Rc, time::Duration};

/// The number of a participant, never reused. A node that is killed and restarted is another participant under the same
/// name, so nothing that was meant for one incarnation reaches the next.
pub(crate) type ParticipantId = usize;

/// A participant that does nothing by itself: lines go in, time passes, lines come out. Times count from its start.
pub(crate) trait Participant {
    /// Takes in the message `id`.
    ///
    /// # Errors
    ///
    /// If it is a node that ignores the message.
    fn deliver(&mut self, id: u64, line: &str, now: Duration) -> Result<(), Rejected>;

    /// Lets time pass.
    fn advance(&mut self, now: Duration);

    /// The latest time at which time should pass next.
    fn deadline(&self) -> Option<Duration>;

    /// Hands over the lines to send, with their destinations.
    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>));

    /// Hands over violations in messages that it was sent, each with the subject that tells it from others of its kind.
    fn drain_violations(&mut self, report: &mut dyn FnMut(String, Violation)) {
        let _ = report;
    }

    /// The node of the node library in it, if it is one.
    fn node(&self) -> Option<&Node> {
        None
    }

    /// Stops it where it is.
    fn pause(&mut self) {}

    /// Lets it go on.
    fn resume(&mut self) {}

    /// The end of its process, if it has ended by itself or does so within `grace`.
    fn crash(&mut self, grace: Duration) -> Option<Crash> {
        let _ = grace;
        None
    }

    /// The reason for which it has stopped by itself, after its last messages.
    fn failure(&self) -> Option<String> {
        None
    }

    /// The end of what its process wrote, if it has one.
    fn output(&self) -> Option<Output> {
        None
    }

    /// A copy in the same state, if it can be copied. No handler can.
    fn fork(&self) -> Option<Box<dyn Participant>> {
        None
    }

    /// The number of its state, if its states are numbered.
    fn state(&self) -> Option<usize> {
        None
    }
}

/// The remains of a node that was killed.
pub(crate) struct Dead;

impl Participant for Dead {
    fn deliver(&mut self, _: u64, _: &str, _: Duration) -> Result<(), Rejected> {
        Ok(())
    }

    fn advance(&mut self, _: Duration) {}

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn drain(&mut self, _: &mut dyn FnMut(&NodeId, Rc<str>)) {}

    fn fork(&self) -> Option<Box<dyn Participant>> {
        Some(Box::new(Self))
    }
}

impl Participant for Node {
    fn deliver(&mut self, _: u64, line: &str, now: Duration) -> Result<(), Rejected> {
        self.deliver(line.as_bytes(), now)
    }

    fn advance(&mut self, now: Duration) {
        self.advance(now);
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadline()
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        Self::drain(self, &mut |dest: &NodeId, line: &str| send(dest, line.into()));
    }

    fn node(&self) -> Option<&Node> {
        Some(self)
    }

    fn failure(&self) -> Option<String> {
        self.failure().map(ToString::to_string)
    }
}
