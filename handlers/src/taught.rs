//! The challenges solved as their texts teach: by means of the services that Maelstrom runs beside the nodes.
//!
//! | workload | service | module | handler |
//! |---|---|---|---|
//! | g-counter | `seq-kv` | [`published_totals`] | [`PublishedTotals`] |
//! | kafka | `lin-kv` | [`claimed_offsets`] | [`ClaimedOffsets`] |
//! | lin-kv | `lin-kv` | [`forwarded_registers`] | [`ForwardedRegisters`] |
//! | txn-list-append | `lin-kv` | [`swapped_root`] | [`SwappedRoot`] |
//!
//! A service is never cut off by a partition, so none of these notices one. The price is messages: at least a round trip
//! for each operation, where the other modules of this crate send a message now and then for all of them.
//!
//! What they have in common is patience with a service, and its end. A request without an answer may have been carried
//! out, or may still be, so such an operation ends in an indefinite error unless repeating it does no harm. And it ends
//! before its client stops waiting: Maelstrom removes such a client from the network, and does not listen any more to a
//! node that answers somebody who is not there.

pub mod claimed_offsets;
pub mod forwarded_registers;
pub mod published_totals;
pub mod swapped_root;

pub use claimed_offsets::ClaimedOffsets;
pub use forwarded_registers::ForwardedRegisters;
pub use published_totals::PublishedTotals;
pub use swapped_root::SwappedRoot;

use futures::future::{Either, select};
use glomers_protocol::{CallError, Context, ErrorCode, RpcError};
use std::{pin::pin, time::Duration};

/// How long an operation may take: clients wait for five seconds (Maelstrom: `client.clj`, `default-timeout`).
const PATIENCE: Duration = Duration::from_secs(4);

/// Gives up `work` after `patience`; what it has begun at a service may be carried out all the same.
async fn within<T>(
    cx: &Context,
    patience: Duration,
    work: impl Future<Output = Result<T, RpcError>>,
) -> Result<T, RpcError> {
    match select(pin!(work), cx.sleep(patience)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(RpcError::new(ErrorCode::Timeout, format!("not done within {patience:?}"))),
    }
}

/// Repeats `work`, which does no harm twice, until it is answered.
async fn answered<T>(work: impl AsyncFn() -> Result<T, CallError>) -> Result<T, RpcError> {
    loop {
        match work().await {
            Err(CallError::Timeout { .. }) => {}
            done => return Ok(done?),
        }
    }
}
