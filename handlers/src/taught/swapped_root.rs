//! Transactions over lists in `lin-kv`: all lists are one value under one key, the root. A transaction reads it, works on
//! its copy, and swaps the root for the result by comparing and config.
//!
//! The swap succeeds only if the root is still what was read: no other transaction came in between. So transactions have
//! the order of their swaps, each reads what those before it have left, and as `lin-kv` is linearizable that order agrees
//! with time: the history is strictly serializable. A transaction that appends nothing is done when it has read: it
//! stands in that order where its read does. A root never comes back to an earlier value, since lists only grow.
//!
//! A swap that failed has done nothing, and the transaction starts over from a fresh root. After [`TRIES`] it gives up
//! with a definite error: clients may try again, and know that nothing has happened. A swap without an answer may have
//! happened, and its client is told so.
//!
//! The price is two messages for a transaction that only reads and four for others, more under contention; and every one
//! of them carries all lists. The texts go on to keep each list under an id of its own, never changed, and only their ids
//! in the root; which saves bytes and no messages. As it is, this is for hundreds of transactions a second and a few
//! thousand in all.

use super::{PATIENCE, within};
use glomers_protocol::{
    Context, ErrorCode, Json, RpcError, handler,
    rand::RngExt,
    txn_list_append::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use std::{collections::BTreeMap, time::Duration};

/// How often a transaction is tried.
pub const TRIES: u32 = 6;

/// By how much the longest pause grows from one try to the next.
const PAUSE: Duration = Duration::from_millis(50);

/// The key of the root.
const ROOT: &str = "root";

/// Lists that are all kept under one key of `lin-kv`.
#[derive(Default)]
pub struct SwappedRoot;

/// Every list by its key.
type Lists = BTreeMap<Json, Vec<Json>>;

#[handler(txn_list_append, schema)]
impl SwappedRoot {
    async fn txn(&self, cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
        within(cx, PATIENCE, transact(cx, request)).await
    }
}

async fn transact(cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
    for tried in 0..TRIES {
        // Lets those go first who were faster.
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
    Err(RpcError::new(ErrorCode::TxnConflict, format!("others were faster {TRIES} times")))
}

/// The lists after a transaction, if it appends anything, and what it read.
fn apply(mut lists: Lists, steps: &[MicroOp]) -> (Option<Lists>, Vec<CompletedMicroOp>) {
    let complete = |step: &MicroOp| match step.clone() {
        MicroOp::Read { key } => CompletedMicroOp::Read { value: lists.get(&key).cloned(), key },
        MicroOp::Append { key, value } => {
            lists.entry(key.clone()).or_default().push(value.clone());
            CompletedMicroOp::Append { key, value }
        }
    };
    let completed = steps.iter().map(complete).collect();
    let appends = steps.iter().any(|step| matches!(step, MicroOp::Append { .. }));
    (appends.then_some(lists), completed)
}

/// As a list of pairs, because JSON's maps have only strings as keys.
fn encode(lists: &Lists) -> Json {
    Json::new(&lists.iter().collect::<Vec<_>>())
}

fn decode(root: &Json) -> Result<Lists, RpcError> {
    let pairs: Result<Vec<(Json, Vec<Json>)>, _> = root.decode();
    let pairs = pairs.map_err(|error| RpcError::new(ErrorCode::Crash, format!("the root is no lists: {error}")))?;
    Ok(pairs.into_iter().collect())
}
