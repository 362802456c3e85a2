//! Logs in `lin-kv`: each entry is a key of its own, and whoever creates it has claimed its offset.
//!
//! The texts teach a key with the next offset of a log, raised by comparing and config, and then to write the message
//! under the offset that it gave. Between the two a log has a hole, and for good if an answer got lost. Polls cannot wait
//! for it and must not pass over it. Here there is one step: a message is set under the offset after the last one, if
//! nothing is there yet. Of two nodes that claim an offset one succeeds; the other learns what was there and takes the
//! next. So the entries of a log have the offsets 0, 1, 2 ... without a hole.
//!
//! An entry never changes, so each node keeps the beginning of each log as far as it has seen it, and asks only for what
//! follows. A poll asks until there is nothing more. As `lin-kv` is linearizable, it then has everything that was
//! confirmed before the poll; and if time runs out, the beginning of a log is still a right answer.
//!
//! A claim whose answer is missing may have succeeded: its client is told that nobody knows, and it is not repeated. The
//! committed offset of a log is a key, too, and only ever raised.
//!
//! The price: two messages a send if this node has seen the whole log, and two a poll for each log and each new entry.
//! [Horizon logs](crate::horizon_logs) need none for either.

use super::{PATIENCE, answered, within};
use futures::future::{join_all, try_join_all};
use glomers_protocol::{
    Context, ErrorCode, Json, RpcError, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

/// How long a poll looks for new messages.
const POLL_PATIENCE: Duration = Duration::from_secs(1);

/// Logs whose entries are keys of `lin-kv`.
#[derive(Default)]
pub struct ClaimedOffsets {
    /// The beginning of each log.
    logs: RefCell<BTreeMap<String, Vec<Json>>>,
}

#[handler(kafka, schema)]
impl ClaimedOffsets {
    async fn send(&self, cx: &Context, request: Send) -> Result<SendOk, RpcError> {
        let offset = within(cx, PATIENCE, self.claim(cx, &request.key, &request.msg)).await?;
        Ok(SendOk { offset: i64::try_from(offset).expect("nobody sends 2^63 messages") })
    }

    async fn poll(&self, cx: &Context, request: Poll) -> Result<PollOk, RpcError> {
        let all = join_all(request.offsets.keys().map(|key| self.catch_up(cx, key)));
        // What is known when time runs out is shown.
        let _ = within(cx, POLL_PATIENCE, async { Ok(all.await) }).await;
        let polled = request.offsets.into_iter().map(|(key, from)| (self.entries(&key, from), key));
        Ok(PollOk { msgs: polled.filter(|(msgs, _)| !msgs.is_empty()).map(|(msgs, key)| (key, msgs)).collect() })
    }

    async fn commit_offsets(&self, cx: &Context, request: CommitOffsets) -> Result<CommitOffsetsOk, RpcError> {
        let kv = cx.lin_kv();
        let commits = request.offsets.iter().map(async |(key, offset)| {
            let key = commit_key(key);
            let raise = |known: Option<i64>| known.unwrap_or(*offset).max(*offset);
            answered(async || kv.update(&key, raise).await).await
        });
        within(cx, PATIENCE, try_join_all(commits)).await?;
        Ok(CommitOffsetsOk {})
    }

    async fn list_committed_offsets(
        &self,
        cx: &Context,
        request: ListCommittedOffsets,
    ) -> Result<ListCommittedOffsetsOk, RpcError> {
        let kv = cx.lin_kv();
        let known = request.keys.into_iter().map(async |key| {
            let committed = commit_key(&key);
            let offset = answered(async || kv.read::<i64>(&committed).await).await?;
            Ok(offset.map(|offset| (key, offset)))
        });
        let offsets = within(cx, PATIENCE, try_join_all(known)).await?;
        Ok(ListCommittedOffsetsOk { offsets: offsets.into_iter().flatten().collect() })
    }
}

impl ClaimedOffsets {
    /// Puts `msg` at the end of a log, and returns its offset.
    async fn claim(&self, cx: &Context, key: &str, msg: &Json) -> Result<usize, RpcError> {
        // No entry is an empty list, so the comparison fails if there is one.
        let (nothing, entry) = (Json::new(&[(); 0]), Json::new(&[msg]));
        loop {
            let offset = self.known(key);
            match cx.lin_kv().cas_or_create(&entry_key(key, offset), &nothing, &entry).await {
                Ok(()) => {
                    self.learn(key, offset, msg.clone());
                    return Ok(offset);
                }
                Err(error) if error.code() == Some(ErrorCode::PreconditionFailed) => self.catch_up(cx, key).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads a log on to its end, or as far as the service answers.
    async fn catch_up(&self, cx: &Context, key: &str) {
        loop {
            let offset = self.known(key);
            match cx.lin_kv().read::<[Json; 1]>(&entry_key(key, offset)).await {
                Ok(Some([msg])) => self.learn(key, offset, msg),
                _ => return,
            }
        }
    }

    /// How much of a log is known here.
    fn known(&self, key: &str) -> usize {
        self.logs.borrow().get(key).map_or(0, Vec::len)
    }

    /// Takes in an entry, if somebody else has not done so meanwhile.
    fn learn(&self, key: &str, offset: usize, msg: Json) {
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry(key.to_owned()).or_default();
        if log.len() == offset {
            log.push(msg);
        }
    }

    /// The known entries of a log from an offset on.
    fn entries(&self, key: &str, from: i64) -> Vec<OffsetMessage> {
        let logs = self.logs.borrow();
        let numbered = (0..).zip(logs.get(key).into_iter().flatten());
        numbered
            .filter(|(offset, _)| *offset >= from)
            .map(|(offset, msg)| OffsetMessage((offset, msg.clone())))
            .collect()
    }
}

fn entry_key(key: &str, offset: usize) -> String {
    format!("{key}/{offset}")
}

fn commit_key(key: &str) -> String {
    format!("{key}/committed")
}
