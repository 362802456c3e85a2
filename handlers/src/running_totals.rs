//! Counters from running totals: each node keeps what clients have added through it, and the counter is the sum over
//! all nodes.
//!
//! Only its own node changes a total, so of two values of one total the later is right, which is the one of more
//! additions, and a node that has missed some needs no more than the last. A node that starts again begins a total of its
//! own, and the others tell it the one before, as far as it had told them. A peer is therefore sent one number, not the additions behind it, and a long partition
//! costs no memory. As later, not greater, wins, the same serves a counter that also shrinks; the usual pair of a grown
//! and a shrunk total is for states that travel without their order, which the [feed](crate::feed) keeps.
//!
//! Every operation is answered from the node's own state. With three nodes a total leaves within half a second, so
//! after a partition all nodes agree within half a second and one latency.

use crate::feed::{Batch, Feed, Life};
use glomers_protocol::{Context, ErrorCode, NodeId, RpcError, g_counter, handler, pn_counter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap, iter::Sum, ops::AddAssign};

/// How many milliseconds a node's messages are apart on average.
const PACE: u64 = 250;

/// The totals of all nodes, as far as they are known here: one for each life of each.
struct Totals<T> {
    totals: RefCell<BTreeMap<Life, Total<T>>>,
    feed: RefCell<Feed<Total<T>>>,
}

/// What clients have added through a node since it started.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
struct Total<T> {
    life: Life,
    /// How many additions these are.
    additions: u64,
    total: T,
}

impl<T: Copy + Default + AddAssign + Sum> Totals<T> {
    fn new(cx: &Context) -> Self {
        Self { totals: RefCell::default(), feed: RefCell::new(Feed::new(cx)) }
    }

    fn add(&self, delta: T) {
        let (mut totals, mut feed) = (self.totals.borrow_mut(), self.feed.borrow_mut());
        let own = totals.entry(feed.life()).or_default();
        own.life = feed.life();
        own.additions += 1;
        own.total += delta;
        feed.supersede(*own);
    }

    fn sum(&self) -> T {
        self.totals.borrow().values().map(|total| total.total).sum()
    }

    fn receive(&self, from: &NodeId, batch: Batch<Total<T>>) {
        let mut totals = self.totals.borrow_mut();
        for (_, total) in self.feed.borrow_mut().receive(from, batch, || totals.values().copied().collect()) {
            let known = totals.entry(total.life).or_default();
            if known.additions < total.additions {
                *known = total;
            }
        }
    }
}

/// A counter that only grows.
pub struct GCounter(Totals<u64>);

#[handler(g_counter, schema)]
impl GCounter {
    #[init]
    fn new(cx: &Context) -> Self {
        Self(Totals::new(cx))
    }

    fn add(&self, request: g_counter::Add) -> Result<g_counter::AddOk, RpcError> {
        let shrinks = |_| RpcError::new(ErrorCode::MalformedRequest, "this counter takes no negative delta");
        self.0.add(u64::try_from(request.delta).map_err(shrinks)?);
        Ok(g_counter::AddOk {})
    }

    fn read(&self, _: g_counter::Read) -> g_counter::ReadOk {
        g_counter::ReadOk { value: i64::try_from(self.0.sum()).expect("nobody counts to 2^63") }
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
pub struct PnCounter(Totals<i64>);

#[handler(pn_counter, schema)]
impl PnCounter {
    #[init]
    fn new(cx: &Context) -> Self {
        Self(Totals::new(cx))
    }

    fn add(&self, request: pn_counter::Add) -> pn_counter::AddOk {
        self.0.add(request.delta);
        pn_counter::AddOk {}
    }

    fn read(&self, _: pn_counter::Read) -> pn_counter::ReadOk {
        pn_counter::ReadOk { value: self.0.sum() }
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
