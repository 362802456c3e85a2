//! Counters from running totals: each node keeps the sum of the additions that clients sent to it, and the counter is
//! the sum over all nodes.
//!
//! Only its own node changes a total. So of two values of one total, the one with more additions is the later and the
//! right one, and a node that missed some values needs only the last. A peer is therefore sent one number rather than
//! the additions behind it, and a long partition costs no memory. Because the later value wins, not the greater, the
//! same algorithm serves a counter that also shrinks. The usual pair of a grown and a shrunk total is needed only if
//! states arrive without their order, and the [replication feed](crate::replication_feed) keeps the order.
//!
//! A restarted node begins a new total. The others send it the total of its earlier incarnation, as far as they had
//! received it.
//!
//! Every operation is answered from the node's own state. With three nodes a total is sent within half a second, so
//! after a partition all nodes agree within half a second plus one latency.

use crate::replication_feed::{Batch, Incarnation, ReplicationFeed};
use glomers_protocol::{Context, ErrorCode, NodeId, RpcError, g_counter, handler, pn_counter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap};

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 250;

/// The known totals of all nodes: one per incarnation.
#[derive(Debug)]
struct Totals<T> {
    totals: RefCell<BTreeMap<Incarnation, Total<T>>>,
    feed: RefCell<ReplicationFeed<Total<T>>>,
}

/// The sum of what clients added through a node since it started.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct Total<T> {
    incarnation: Incarnation,
    /// The number of additions.
    additions: u64,
    total: T,
}

impl<T: Copy + Default + Into<i128>> Totals<T> {
    fn new(cx: &Context) -> Self {
        Self { totals: RefCell::default(), feed: RefCell::new(ReplicationFeed::new(cx)) }
    }

    /// Adds a client's delta. `sum` returns the new total, or `None` if `T` cannot hold it.
    fn add(&self, sum: impl Fn(T) -> Option<T>) -> Result<(), RpcError> {
        let (mut totals, mut feed) = (self.totals.borrow_mut(), self.feed.borrow_mut());
        let own = totals.entry(feed.incarnation()).or_default();
        own.incarnation = feed.incarnation();
        own.total = sum(own.total).ok_or_else(too_large)?;
        own.additions += 1;
        feed.supersede(*own);
        Ok(())
    }

    /// The sum over all nodes, or an error if a response cannot hold it.
    fn sum(&self) -> Result<i64, RpcError> {
        let sum: i128 = self.totals.borrow().values().map(|total| total.total.into()).sum();
        i64::try_from(sum).map_err(|_| too_large())
    }

    fn receive(&self, from: &NodeId, batch: Batch<Total<T>>) {
        let mut totals = self.totals.borrow_mut();
        for (_, total) in self.feed.borrow_mut().receive(from, batch, || totals.values().copied().collect()) {
            let known = totals.entry(total.incarnation).or_default();
            if known.additions < total.additions {
                *known = total;
            }
        }
    }
}

fn too_large() -> RpcError {
    RpcError::new(ErrorCode::Abort, "the counter would exceed 64 bits, which no response can hold")
}

/// A counter that only grows.
#[derive(Debug)]
pub struct GCounter(Totals<u64>);

#[handler(g_counter, schema)]
impl GCounter {
    #[init]
    fn new(cx: &Context) -> Self {
        Self(Totals::new(cx))
    }

    fn add(&self, request: g_counter::Add) -> Result<g_counter::AddOk, RpcError> {
        let shrinks =
            |_| RpcError::new(ErrorCode::MalformedRequest, "this counter only grows, so a delta must not be negative");
        let delta = u64::try_from(request.delta).map_err(shrinks)?;
        self.0.add(|total| total.checked_add(delta))?;
        Ok(g_counter::AddOk {})
    }

    fn read(&self, _: g_counter::Read) -> Result<g_counter::ReadOk, RpcError> {
        Ok(g_counter::ReadOk { value: self.0.sum()? })
    }

    #[message]
    fn batch(&self, from: &NodeId, batch: Batch<Total<u64>>) {
        self.0.receive(from, batch);
    }

    #[every(millis = self.0.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.0.feed.borrow_mut().flush(cx);
    }
}

/// A counter that grows and shrinks.
#[derive(Debug)]
pub struct PnCounter(Totals<i64>);

#[handler(pn_counter, schema)]
impl PnCounter {
    #[init]
    fn new(cx: &Context) -> Self {
        Self(Totals::new(cx))
    }

    fn add(&self, request: pn_counter::Add) -> Result<pn_counter::AddOk, RpcError> {
        self.0.add(|total| total.checked_add(request.delta))?;
        Ok(pn_counter::AddOk {})
    }

    fn read(&self, _: pn_counter::Read) -> Result<pn_counter::ReadOk, RpcError> {
        Ok(pn_counter::ReadOk { value: self.0.sum()? })
    }

    #[message]
    fn batch(&self, from: &NodeId, batch: Batch<Total<i64>>) {
        self.0.receive(from, batch);
    }

    #[every(millis = self.0.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.0.feed.borrow_mut().flush(cx);
    }
}
