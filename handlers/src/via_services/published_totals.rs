//! A counter in `seq-kv`: each node publishes the sum of the additions that it received under a key of its own, and the
//! counter is the sum of all keys.
//!
//! # Adding
//!
//! The challenge text proposes one key for all nodes, read and then changed by compare-and-set. An addition whose
//! response is missing must not be repeated there, because the sum may include it already. A total under a key that no
//! other node writes can be published any number of times: the comparison is with a smaller total, so a late request
//! finds a greater one and fails. An addition is acknowledged when a total that includes it has been published. If time
//! runs out first, its client gets an indefinite error, and the next addition publishes both.
//!
//! A restarted node has forgotten its total, and requests of its earlier incarnation may still be on their way. So the
//! node's key holds one total per incarnation, and each incarnation raises only its own.
//!
//! # Reading
//!
//! `seq-kv` is sequentially consistent: all clients see the same states in the same order, but a client that only reads
//! may see a stale state for ever. (The service keeps 32 states, and answers from any of them that is not older than
//! what the client has seen.) A change, however, is applied to the newest state, and a client that has made a change
//! sees nothing older from then on. So a read first writes a value that was never there before: the number of the read
//! in this incarnation. Writing the same value again would be no change. The reads of the totals that follow include
//! every addition that was acknowledged before.
//!
//! With `n` nodes this takes four messages for an addition and `2 + 2n` for a read.
//! [Running totals](crate::running_totals) need none for either, and a few per second to make the nodes agree.

use super::deadline::{TIMEOUT, answered, within};
use futures_util::future::try_join_all;
use glomers_json::SortedMap;
use glomers_protocol::{
    Context, ErrorCode, NodeId, RpcError,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler,
    rand::RngExt,
};
use std::cell::Cell;

/// The sum of the additions in each incarnation of a node.
type Totals = SortedMap<String, u64>;

/// A counter that only grows, kept in `seq-kv`.
#[derive(Debug)]
pub struct PublishedTotals {
    /// A random number that distinguishes this incarnation of the node.
    incarnation: String,
    /// The sum of the additions that this incarnation received.
    total: Cell<u64>,
    /// The number of reads that have begun here.
    reads: Cell<u64>,
}

#[handler(g_counter, schema)]
impl PublishedTotals {
    #[init]
    fn new(cx: &Context) -> Self {
        let incarnation = format!("{:x}", cx.rng().random::<u32>());
        Self { incarnation, total: Cell::default(), reads: Cell::default() }
    }

    async fn add(&self, cx: &Context, request: Add) -> Result<AddOk, RpcError> {
        let shrinks =
            |_| RpcError::new(ErrorCode::MalformedRequest, "this counter only grows, so a delta must not be negative");
        let delta = u64::try_from(request.delta).map_err(shrinks)?;
        self.total.set(self.total.get().checked_add(delta).ok_or_else(too_large)?);
        within(cx, TIMEOUT, self.publish(cx)).await?;
        Ok(AddOk {})
    }

    async fn read(&self, cx: &Context, _: Read) -> Result<ReadOk, RpcError> {
        let value = within(cx, TIMEOUT, self.sum(cx)).await?;
        Ok(ReadOk { value: i64::try_from(value).map_err(|_| too_large())? })
    }
}

impl PublishedTotals {
    /// Writes this incarnation's total under this node's key.
    async fn publish(&self, cx: &Context) -> Result<(), RpcError> {
        let (kv, key) = (cx.seq_kv(), total_of(cx.id()));
        let newest = |published: Option<Totals>| {
            let mut totals = published.unwrap_or_default();
            let own = totals.or_default(self.incarnation.clone());
            *own = self.total.get().max(*own);
            totals
        };
        answered(async || kv.update(&key, newest).await).await?;
        Ok(())
    }

    /// The sum of the published totals, none of which is older than this call.
    async fn sum(&self, cx: &Context) -> Result<u128, RpcError> {
        self.reads.update(|reads| reads + 1);
        let (kv, key, number) = (cx.seq_kv(), format!("reads of {}", cx.id()), self.reads.get());
        answered(async || kv.write(&key, &(&self.incarnation, number)).await).await?;
        let totals = cx.ids().iter().map(async |id| {
            let key = total_of(id);
            answered(async || kv.read::<Totals>(&key).await).await
        });
        Ok(try_join_all(totals).await?.into_iter().flatten().flatten().map(|(_, total)| u128::from(total)).sum())
    }
}

fn too_large() -> RpcError {
    RpcError::new(ErrorCode::Abort, "the counter would exceed 64 bits, which no response can hold")
}

fn total_of(id: &NodeId) -> String {
    format!("total of {id}")
}
