//! Transactions over lists in `lin-kv`: all lists are one value under one key, the root. A transaction reads the root,
//! changes its copy, and replaces the root with the result by compare-and-set.
//!
//! The replacement succeeds only if the root is still the one that was read, so no other transaction came in between.
//! Transactions therefore have the order of their replacements, and each reads the result of those before it. As
//! `lin-kv` is linearizable, this order agrees with real time: the history is strictly serializable. A transaction that
//! appends nothing is complete after its read, and has the position of that read in the order. A root never returns to
//! an earlier value, because lists only grow.
//!
//! A failed compare-and-set changes nothing, and the transaction starts again from a fresh root. After [`TRIES`]
//! attempts it ends in a definite error: clients may try again, and know that nothing has happened. A compare-and-set
//! without a response may have been executed, so its client gets an indefinite error.
//!
//! The price is two messages for a transaction that only reads and four for others, more under contention, and each
//! message carries all lists. The challenge text goes on to store each list under an immutable id, with only the ids in
//! the root, which saves bytes but no messages. This handler is meant for hundreds of transactions per second and a few
//! thousand in all.

use super::deadline::{TIMEOUT, within};
use glomers_json::SortedMap;
use glomers_protocol::{
    Context, ErrorCode, Json, RpcError, handler,
    rand::RngExt,
    txn_list_append::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use std::time::Duration;

/// The largest number of attempts of a transaction.
pub const TRIES: u32 = 6;

/// The growth of the longest pause from one attempt to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// The key of the root.
const ROOT: &str = "root";

/// Lists that are all kept under one key of `lin-kv`.
#[derive(Debug, Default)]
pub struct SwappedRoot;

/// Every list by its key.
type Lists = SortedMap<Json, Vec<Json>>;

#[handler(txn_list_append, schema)]
impl SwappedRoot {
    async fn txn(&self, cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
        within(cx, TIMEOUT, transact(cx, request)).await
    }
}

async fn transact(cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
    for tried in 0..TRIES {
        // Lets the faster transactions finish first.
        let pause = (PAUSE * tried).mul_f64(cx.rng().random());
        cx.sleep(pause).await;
        let before = cx.lin_kv().read::<Json>(ROOT).await?.unwrap_or_else(|| encode(&Lists::new()));
        let (after, txn) = apply(decode(&before)?, &request.txn);
        let Some(after) = after else { return Ok(TxnOk { txn }) };
        match cx.lin_kv().cas_or_create(ROOT, &before, &encode(&after)).await {
            Ok(()) => return Ok(TxnOk { txn }),
            Err(error) if error.code() == Some(ErrorCode::PreconditionFailed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(RpcError::new(
        ErrorCode::TxnConflict,
        format!("another transaction changed the root in each of {TRIES} attempts; nothing was done"),
    ))
}

/// The lists after a transaction, if it appends anything, and its completed steps.
fn apply(mut lists: Lists, steps: &[MicroOp]) -> (Option<Lists>, Vec<CompletedMicroOp>) {
    let complete = |step: &MicroOp| match step.clone() {
        MicroOp::Read { key } => CompletedMicroOp::Read { value: lists.get(&key).cloned(), key },
        MicroOp::Append { key, value } => {
            lists.or_default(key.clone()).push(value.clone());
            CompletedMicroOp::Append { key, value }
        }
    };
    let completed = steps.iter().map(complete).collect();
    let appends = steps.iter().any(|step| matches!(step, MicroOp::Append { .. }));
    (appends.then_some(lists), completed)
}

/// The lists as a list of pairs, because the keys of JSON objects are strings.
fn encode(lists: &Lists) -> Json {
    Json::new(&lists[..])
}

fn decode(root: &Json) -> Result<Lists, RpcError> {
    let pairs: Result<Vec<(Json, Vec<Json>)>, _> = root.decode();
    let pairs = pairs.map_err(|error| {
        RpcError::new(ErrorCode::Crash, format!("expected the root to be a list of pairs of a key and a list: {error}"))
    })?;
    Ok(pairs.into_iter().collect())
}
