//! A grow-only set: each node's set is the union of the sets of all nodes.
//!
//! A union does not depend on order and is not changed by repetition. So it is enough that every acknowledged element
//! reaches every node eventually, and the [replication feed](crate::replication_feed) ensures that. Elements are added
//! and read without waiting, during a partition too. Without one, an element that one of three nodes receives is on all
//! of them after at most half a second plus one latency; with five nodes, after a second. A restarted node gets back
//! what the other nodes have. Elements that it had sent to nobody are lost.

use crate::replication_feed::{Batch, ReplicationFeed};
use foldhash::fast::FixedState;
use glomers_protocol::{
    Context, Json, NodeId,
    g_set::{Add, AddOk, Read, ReadOk},
    handler,
};
use indexmap::IndexSet;
use std::cell::RefCell;

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 250;

/// A set that is the union of the sets of all nodes.
#[derive(Debug)]
pub struct SetUnion {
    elements: RefCell<IndexSet<Json, FixedState>>,
    feed: RefCell<ReplicationFeed<Json>>,
}

#[handler(g_set, schema)]
impl SetUnion {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { elements: RefCell::default(), feed: RefCell::new(ReplicationFeed::new(cx)) }
    }

    fn add(&self, request: Add) -> AddOk {
        if self.elements.borrow_mut().insert(request.element.clone()) {
            self.feed.borrow_mut().push(|| request.element);
        }
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.elements.borrow().iter().cloned().collect() }
    }

    #[message]
    fn batch(&self, from: &NodeId, batch: Batch<Json>) {
        let mut elements = self.elements.borrow_mut();
        let news = self.feed.borrow_mut().receive(from, batch, || elements.iter().cloned().collect());
        elements.extend(news.into_iter().map(|(_, element)| element));
    }

    #[every(millis = self.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.feed.borrow_mut().flush(cx);
    }
}
