//! Counters from running totals: each node keeps the sum of the additions that clients sent to it, and the counter is
//! the sum over all nodes.
//!
//! Only its own node changes a total. So of two values of one total, the one with more additions is the later and the
//! right one, and a node that missed some values needs only the last. A peer is therefore sent one number rather than
//! the additions behind it, and a long partition costs no memory. Because the later value wins, not the greater, the
//! same algorithm serves a counter that also shrinks. The usual pair of a grown and a shrunk total is needed only if
//! states arrive without their order, and the [replication feed](crate::replication_feed) keeps the order.
//!
//! With a disk, an addition is acknowledged when it is durable on this node ([`shared_state`](crate::shared_state)),
//! and a restarted node goes on with its total. Without one it begins a new total. The others send it the total of its
//! earlier incarnation, as far as they had received it.
//!
//! Every operation is answered from the node's own state. With three nodes a total is sent within half a second, so
//! after a partition all nodes agree within half a second plus one latency.

use crate::{
    durable::OpenError,
    replication_feed::{BatchOf, Incarnation, ReplicationFeed},
    shared_state::{Replicated, SharedState, Source},
};
use glomers_json::SortedMap;
use glomers_protocol::{Context, ErrorCode, Json, NodeId, Reply, RpcError, g_counter, handler, pn_counter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 250;

/// The known totals of all nodes: one per incarnation.
#[derive(Debug, Serialize, Deserialize)]
struct Totals(SortedMap<Incarnation, Total>);

/// The sum of what clients added through a node since it started.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct Total {
    incarnation: Incarnation,
    /// The number of additions.
    additions: u64,
    total: i64,
}

impl Replicated for Totals {
    /// A delta.
    type Request = i64;
    type Response = Result<(), RpcError>;
    type Entry = Total;

    fn execute(&mut self, feed: &mut ReplicationFeed, delta: i64) -> Result<(), RpcError> {
        let incarnation = feed.incarnation();
        let own = self.0.or_insert_with(incarnation, || Total { incarnation, ..Total::default() });
        own.total = own.total.checked_add(delta).ok_or_else(too_large)?;
        own.additions += 1;
        feed.supersede(Json::new(own));
        Ok(())
    }

    fn is_changed_by(&self, _: &i64) -> bool {
        true
    }

    fn merge(&mut self, _: &Source<'_>, total: Total) {
        let known = self.0.or_default(total.incarnation);
        if known.additions < total.additions {
            *known = total;
        }
    }

    fn all(&self) -> Vec<Json> {
        self.0.iter().map(|(_, total)| Json::new(total)).collect()
    }
}

impl Totals {
    fn open(cx: &Context) -> Result<SharedState<Self>, OpenError> {
        SharedState::open(cx, || Self(SortedMap::new()))
    }

    /// The sum over all nodes, or an error if a response cannot hold it.
    fn sum(&self) -> Result<i64, RpcError> {
        let sum: i128 = self.0.iter().map(|(_, total)| i128::from(total.total)).sum();
        i64::try_from(sum).map_err(|_| too_large())
    }
}

fn too_large() -> RpcError {
    RpcError::new(ErrorCode::Abort, "the counter would exceed 64 bits, which no response can hold")
}

/// A counter that only grows.
#[derive(Debug)]
pub struct GCounter(SharedState<Totals>);

/// A batch for this counter. A type is the message of one handler only, and the other counter receives the batch itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct GCounterBatch(BatchOf<Total>);

#[handler(g_counter, schema)]
impl GCounter {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        Totals::open(cx).map(Self)
    }

    fn add(&self, request: g_counter::Add) -> Reply<g_counter::AddOk> {
        if request.delta < 0 {
            let text = "this counter only grows, so a delta must not be negative";
            return Reply::Ready(Err(RpcError::new(ErrorCode::MalformedRequest, text)));
        }
        self.0.execute(request.delta, |added| added.map(|()| g_counter::AddOk {}))
    }

    fn read(&self, _: g_counter::Read) -> Reply<g_counter::ReadOk> {
        self.0.read(|totals, _| totals.sum().map(|value| g_counter::ReadOk { value }))
    }

    #[message]
    fn batch(&self, from: &NodeId, GCounterBatch(message): GCounterBatch) {
        self.0.receive(from, message.batch);
    }

    #[every(millis = self.0.pace(PACE))]
    async fn flush(&self, cx: &Context) {
        self.0.flush(cx).await;
    }
}

/// A counter that grows and shrinks.
#[derive(Debug)]
pub struct PnCounter(SharedState<Totals>);

#[handler(pn_counter, schema)]
impl PnCounter {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        Totals::open(cx).map(Self)
    }

    fn add(&self, request: pn_counter::Add) -> Reply<pn_counter::AddOk> {
        self.0.execute(request.delta, |added| added.map(|()| pn_counter::AddOk {}))
    }

    fn read(&self, _: pn_counter::Read) -> Reply<pn_counter::ReadOk> {
        self.0.read(|totals, _| totals.sum().map(|value| pn_counter::ReadOk { value }))
    }

    #[message]
    fn batch(&self, from: &NodeId, message: BatchOf<Total>) {
        self.0.receive(from, message.batch);
    }

    #[every(millis = self.0.pace(PACE))]
    async fn flush(&self, cx: &Context) {
        self.0.flush(cx).await;
    }
}
