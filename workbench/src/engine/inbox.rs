//! Messages in flight, and the inbox of a receiver (Maelstrom: `net.clj`, a priority queue for each node).

use glomers_protocol::NodeId;
use std::{cmp::Reverse, collections::BinaryHeap, rc::Rc, time::Duration};

/// A message in flight. The order is that of delivery: by deadline, then by number.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct InFlight {
    pub(crate) deadline: Duration,
    pub(crate) id: u64,
    pub(crate) src: NodeId,
    pub(crate) line: Rc<str>,
}

/// The messages that wait for a receiver. It takes one at a time, and holds it until it is due.
#[derive(Default)]
pub(crate) struct Inbox {
    waiting: BinaryHeap<Reverse<InFlight>>,
    held: Option<InFlight>,
}

impl Inbox {
    pub(crate) fn push(&mut self, message: InFlight) {
        self.waiting.push(Reverse(message));
    }

    /// Tells whether the receiver holds a message that is not due yet.
    pub(crate) fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Takes the next message that `hears` lets through, drops those before it, and returns the deadline.
    pub(crate) fn hold_next(&mut self, mut hears: impl FnMut(&NodeId) -> bool) -> Option<Duration> {
        while let Some(Reverse(message)) = self.waiting.pop() {
            if hears(&message.src) {
                return Some(self.held.insert(message).deadline);
            }
        }
        None
    }

    /// Gives out all messages, in no order.
    pub(crate) fn take_all(&mut self) -> Vec<InFlight> {
        self.waiting.drain().map(|Reverse(message)| message).chain(self.held.take()).collect()
    }

    /// Gives out the message that is held.
    pub(crate) fn release(&mut self) -> Option<InFlight> {
        self.held.take()
    }
}
