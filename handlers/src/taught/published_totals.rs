//! A counter in `seq-kv`: each node publishes what was added through it under a key of its own, and the counter is the
//! sum of all keys.
//!
//! # Adding
//!
//! The texts teach one key for all nodes, read and then set by comparing. There an addition whose answer is missing must
//! not be repeated, because it may be in the sum already. A total under a key that nobody else writes can be published
//! any number of times: the comparison is with a smaller total, so a request that comes late finds a greater one and
//! fails. An addition is confirmed when a total that includes it is published. If time runs out before that, its client is
//! told that nobody knows, and the next one publishes both.
//!
//! A node that starts again has forgotten its total, and requests of its earlier life may still be on their way. So under
//! its key is a total for each of its lives, and each life raises its own.
//!
//! # Reading
//!
//! `seq-kv` is sequentially consistent: all see the same states in the same order, but a client that only reads may be
//! shown an old state for ever. (The service keeps 32 states, and answers from any of them that is not older than what
//! the client has seen.) A change, however, happens in the newest state, and who has made one sees nothing older from
//! then on. So a read first writes something that was never there before, the number of the read in this life. Writing
//! the same value again would be no change. The reads of the totals that follow include every addition that was confirmed before.
//!
//! With `n` nodes that makes four messages an addition and `2 + 2n` a read; [running totals](crate::running_totals) need
//! none for either, and a few a second to bring nodes together.

use super::{PATIENCE, answered, within};
use futures::future::try_join_all;
use glomers_protocol::{
    Context, ErrorCode, NodeId, RpcError,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler,
    rand::RngExt,
};
use std::{cell::Cell, collections::BTreeMap};

/// What was added in each life of a node.
type Totals = BTreeMap<String, u64>;

/// A counter that only grows, kept in `seq-kv`.
pub struct PublishedTotals {
    /// Tells this life of the node from others.
    life: String,
    /// What clients have added through this node in this life.
    total: Cell<u64>,
    /// How many reads have begun here.
    reads: Cell<u64>,
}

#[handler(g_counter, schema)]
impl PublishedTotals {
    #[init]
    fn new(cx: &Context) -> Self {
        let life = format!("{:x}", cx.rng().random::<u32>());
        Self { life, total: Cell::default(), reads: Cell::default() }
    }

    async fn add(&self, cx: &Context, request: Add) -> Result<AddOk, RpcError> {
        let shrinks = |_| RpcError::new(ErrorCode::MalformedRequest, "this counter takes no negative delta");
        let delta = u64::try_from(request.delta).map_err(shrinks)?;
        self.total.update(|total| total + delta);
        within(cx, PATIENCE, self.publish(cx)).await?;
        Ok(AddOk {})
    }

    async fn read(&self, cx: &Context, _: Read) -> Result<ReadOk, RpcError> {
        let value = within(cx, PATIENCE, self.sum(cx)).await?;
        Ok(ReadOk { value: i64::try_from(value).expect("nobody counts to 2^63") })
    }
}

impl PublishedTotals {
    /// Sets this life's total under this node's key.
    async fn publish(&self, cx: &Context) -> Result<(), RpcError> {
        let (kv, key) = (cx.seq_kv(), total_of(cx.id()));
        let newest = |published: Option<Totals>| {
            let mut totals = published.unwrap_or_default();
            let own = totals.entry(self.life.clone()).or_default();
            *own = self.total.get().max(*own);
            totals
        };
        answered(async || kv.update(&key, newest).await).await?;
        Ok(())
    }

    /// The sum of the published totals, none of them older than this call.
    async fn sum(&self, cx: &Context) -> Result<u64, RpcError> {
        self.reads.update(|reads| reads + 1);
        let (kv, key, number) = (cx.seq_kv(), format!("reads of {}", cx.id()), self.reads.get());
        answered(async || kv.write(&key, &(&self.life, number)).await).await?;
        let totals = cx.ids().iter().map(async |id| {
            let key = total_of(id);
            answered(async || kv.read::<Totals>(&key).await).await
        });
        Ok(try_join_all(totals).await?.into_iter().flatten().flat_map(Totals::into_values).sum())
    }
}

fn total_of(id: &NodeId) -> String {
    format!("total of {id}")
}
