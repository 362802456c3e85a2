//! Helper functions in the block, with and without `self`.

use glomers_protocol::{
    Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use std::cell::RefCell;

#[derive(Default)]
struct Node {
    values: RefCell<Vec<Json>>,
}

#[handler(broadcast)]
impl Node {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, request: Broadcast) -> BroadcastOk {
        self.insert(request.message);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().clone() }
    }

    fn insert(&self, value: Json) {
        self.values.borrow_mut().push(value);
    }

    fn limit() -> usize {
        1000
    }
}

fn main() {}
