//! Broadcast by gossip: each node keeps, for every peer, what that peer has not yet acknowledged, and repeats it until it
//! has.
//!
//! A value goes straight from the node that a client gave it to, to every other node: one hop, so a value is visible
//! everywhere after one network latency. What a peer lacks is sent in one batch, at once; what stays unacknowledged is
//! sent again at each tick. A partition only delays: the first tick after it heals delivers what piled up. A value that
//! a client was told is stored is therefore never lost while its node lives.

use glomers_protocol::{
    Any, Context, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How long an acknowledgement may take before the values are sent again.
const RETRY: Duration = Duration::from_millis(500);

/// Sends every value to every peer until the peer has acknowledged it.
pub struct Gossip {
    values: RefCell<BTreeSet<Any>>,
    unacknowledged: RefCell<BTreeMap<NodeId, Backlog>>,
}

/// What a peer has not acknowledged.
#[derive(Default)]
struct Backlog {
    values: BTreeSet<Any>,
    /// When they were last sent.
    sent: Duration,
}

/// Values for a peer to store.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Rumour {
    values: Vec<Any>,
}

/// Values that the sender has stored.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Heard {
    values: Vec<Any>,
}

#[handler(broadcast, schema)]
impl Gossip {
    #[init]
    fn new(cx: &Context) -> Self {
        let unacknowledged = cx.peers().map(|peer| (peer.clone(), Backlog::default())).collect();
        Self { values: RefCell::default(), unacknowledged: RefCell::new(unacknowledged) }
    }

    /// The proposed topology is not needed: every node may talk to every other.
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        if self.values.borrow_mut().insert(request.message.clone()) {
            for (peer, backlog) in self.unacknowledged.borrow_mut().iter_mut() {
                backlog.values.insert(request.message.clone());
                backlog.sent = cx.now();
                cx.send(peer, &Rumour { values: vec![request.message.clone()] });
            }
        }
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[message]
    fn rumour(&self, cx: &Context, from: &NodeId, rumour: Rumour) {
        self.values.borrow_mut().extend(rumour.values.iter().cloned());
        cx.send(from, &Heard { values: rumour.values });
    }

    #[message]
    fn heard(&self, from: &NodeId, heard: Heard) {
        if let Some(backlog) = self.unacknowledged.borrow_mut().get_mut(from) {
            heard.values.iter().for_each(|value| {
                backlog.values.remove(value);
            });
        }
    }

    #[every(millis = 100)]
    fn retry(&self, cx: &Context) {
        for (peer, backlog) in self.unacknowledged.borrow_mut().iter_mut() {
            if !backlog.values.is_empty() && cx.now() >= backlog.sent + RETRY {
                backlog.sent = cx.now();
                cx.send(peer, &Rumour { values: backlog.values.iter().cloned().collect() });
            }
        }
    }
}
