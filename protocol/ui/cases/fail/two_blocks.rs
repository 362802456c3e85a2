//! The functions of a node in two blocks.

use glomers_protocol::{
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler, run,
};

#[derive(Default)]
struct Gossip;

#[handler(broadcast)]
impl Gossip {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: Vec::new() }
    }
}

#[handler(broadcast)]
impl Gossip {
    fn broadcast(&self, _: Broadcast) -> BroadcastOk {
        BroadcastOk {}
    }
}

fn main() {
    run::<Gossip>().unwrap();
}
