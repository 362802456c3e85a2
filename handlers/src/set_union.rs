//! A grow-only set: each node's set is the union of the sets of all nodes.
//!
//! A union does not depend on order and is not changed by repetition. So it is enough that every acknowledged element
//! reaches every node eventually, and the [replication feed](crate::replication_feed) ensures that. Elements are added
//! and read without waiting for another node, during a partition too. Without one, an element that one of three nodes
//! receives is on all of them after at most half a second plus one latency; with five nodes, after a second.
//!
//! With a disk, an element is acknowledged when it is durable on this node ([`shared_state`](crate::shared_state)), so
//! no kill loses it. That is enough, and waiting for another node would make additions fail during a partition. Without
//! a disk, a restarted node gets back what the other nodes have, and elements that it had not sent are lost.

use crate::{
    durable::OpenError,
    replication_feed::{BatchOf, ReplicationFeed},
    shared_state::{Replicated, SharedState, Source},
    value_set::ValueSet,
};
use glomers_protocol::{
    Context, Json, NodeId, Reply,
    g_set::{Add, AddOk, Read, ReadOk},
    handler,
};
use serde::{Deserialize, Serialize};

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 250;

/// A set that is the union of the sets of all nodes.
#[derive(Debug)]
pub struct SetUnion(SharedState<Elements>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Elements(ValueSet);

impl Replicated for Elements {
    type Request = Json;
    type Response = ();
    type Entry = Json;

    fn execute(&mut self, feed: &mut ReplicationFeed, element: Json) {
        if self.0.insert(element.clone()) {
            feed.push(|| element);
        }
    }

    fn is_changed_by(&self, element: &Json) -> bool {
        !self.0.contains(element)
    }

    fn merge(&mut self, _: &Source<'_>, element: Json) {
        self.0.insert(element);
    }

    fn all(&self) -> Vec<Json> {
        self.0.iter().cloned().collect()
    }
}

#[handler(g_set, schema)]
impl SetUnion {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        SharedState::open(cx, Elements::default).map(Self)
    }

    fn add(&self, request: Add) -> Reply<AddOk> {
        self.0.execute(request.element, |()| AddOk {})
    }

    fn read(&self, _: Read) -> Reply<ReadOk> {
        self.0.read(|elements, _| ReadOk { value: elements.all() })
    }

    #[message]
    fn batch(&self, from: &NodeId, message: BatchOf<Json>) {
        self.0.receive(from, message.batch);
    }

    #[every(millis = self.0.pace(PACE))]
    async fn flush(&self, cx: &Context) {
        self.0.flush(cx).await;
    }
}
