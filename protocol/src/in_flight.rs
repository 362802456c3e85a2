//! Requests whose handlers are still waiting for something. A node that stops before they finish answers each with an
//! error.

use crate::node_id::NodeId;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct InFlight {
    /// Ordered by arrival.
    requests: BTreeMap<u64, Unanswered>,
    issued: u64,
}

/// The parts of a request that a reply needs.
#[derive(Clone)]
pub(crate) struct Unanswered {
    pub(crate) from: NodeId,
    pub(crate) msg_id: i64,
    pub(crate) wire_type: &'static str,
}

impl InFlight {
    /// Records a request and gives it a number.
    pub(crate) fn begin(&mut self, request: Unanswered) -> u64 {
        self.issued += 1;
        self.requests.insert(self.issued, request);
        self.issued
    }

    /// Forgets a request that has its reply.
    pub(crate) fn end(&mut self, number: u64) {
        self.requests.remove(&number);
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Removes and returns all requests, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Unanswered> + use<> {
        std::mem::take(&mut self.requests).into_values()
    }
}
