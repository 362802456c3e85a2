//! Requests whose handlers wait for something. A node that ends before they do still owes each an answer.

use crate::NodeId;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Owed {
    /// In the order in which they came.
    requests: BTreeMap<u64, Unanswered>,
    issued: u64,
}

/// A request, as far as it takes to answer it with an error.
pub(crate) struct Unanswered {
    pub(crate) from: NodeId,
    pub(crate) msg_id: i64,
    pub(crate) wire_type: &'static str,
}

impl Owed {
    /// Notes a request and gives it a number.
    pub(crate) fn note(&mut self, request: Unanswered) -> u64 {
        self.issued += 1;
        self.requests.insert(self.issued, request);
        self.issued
    }

    /// The request has its answer.
    pub(crate) fn settle(&mut self, number: u64) {
        self.requests.remove(&number);
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Everything that is unanswered, oldest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Unanswered> + use<> {
        std::mem::take(&mut self.requests).into_values()
    }
}
