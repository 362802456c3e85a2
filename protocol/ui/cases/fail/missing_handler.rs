//! The workload has a request that no function serves.

use glomers_protocol::{
    broadcast::{Broadcast, BroadcastOk, Topology, TopologyOk},
    handler,
};

#[derive(Default)]
struct Gossip;

#[handler(broadcast)]
impl Gossip {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, _: Broadcast) -> BroadcastOk {
        BroadcastOk {}
    }
}

fn main() {}
