//! Grow-only set: each node's set is the union of what all nodes were given.
//!
//! Union does not ask for order and is not hurt by repetition, so an element that was acknowledged to a client only has
//! to reach every node at some time; the [feed](crate::feed) sees to that. Elements are added and read without waiting,
//! in a partition too. Without one, an element given to one of three nodes is in all of them after half a second and
//! one latency at most; to one of five, after a second. A node that starts again gets back what the others have; what it
//! had told nobody is lost.

use crate::feed::{Batch, Feed};
use foldhash::fast::FixedState;
use glomers_protocol::{
    Context, Json, NodeId,
    g_set::{Add, AddOk, Read, ReadOk},
    handler,
};
use indexmap::IndexSet;
use std::cell::RefCell;

/// How many milliseconds a node's messages are apart on average.
const PACE: u64 = 250;

/// A set that is the union of the nodes' sets.
pub struct SetUnion {
    elements: RefCell<IndexSet<Json, FixedState>>,
    feed: RefCell<Feed<Json>>,
}

#[handler(g_set, schema)]
impl SetUnion {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { elements: RefCell::default(), feed: RefCell::new(Feed::new(cx)) }
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
