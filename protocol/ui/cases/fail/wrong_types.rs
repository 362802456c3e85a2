//! A function takes another request than its name says, one takes what is no request, and some answer wrongly.

use glomers_protocol::{
    broadcast::{Broadcast, BroadcastOk, ReadOk, Topology, TopologyOk},
    handler,
};

struct NoError;

#[derive(Default)]
struct WrongRequest;

#[handler(broadcast)]
impl WrongRequest {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, _: Broadcast) -> BroadcastOk {
        BroadcastOk {}
    }

    fn read(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }
}

#[derive(Default)]
struct NoRequest;

#[handler(echo)]
impl NoRequest {
    fn echo(&self, request: u64) -> u64 {
        request
    }
}

#[derive(Default)]
struct WrongResponses;

#[handler(broadcast)]
impl WrongResponses {
    fn topology(&self, _: Topology) -> BroadcastOk {
        BroadcastOk {}
    }

    async fn broadcast(&self, _: Broadcast) {}

    fn read(&self, _: glomers_protocol::broadcast::Read) -> Result<ReadOk, NoError> {
        Err(NoError)
    }
}

fn main() {}
