//! Logs in `lin-kv`: each entry has a key of its own, and the node that creates the key has claimed its offset.
//!
//! The challenge text proposes one key for the next offset of a log: a node increments it by compare-and-set, and then
//! writes the message under the offset that it got. Between these two steps the log has a gap, for ever if a response
//! is lost. Polls cannot wait for the gap and must not skip it. Here there is only one step: a message is written under
//! the offset after the last one, if that key does not exist yet. Of two nodes that claim an offset one succeeds; the
//! other reads the entry and tries the next offset. So the entries of a log have the offsets 0, 1, 2 ... without a gap.
//!
//! An entry never changes. So each node caches the prefix of each log that it has seen, and asks only for what follows.
//! A poll reads until no entry follows. As `lin-kv` is linearizable, the poll then has every message that was
//! acknowledged before it began. If time runs out, a prefix of the log is still a correct answer.
//!
//! A claim without a response may have succeeded. Its client gets an indefinite error, and the claim is not repeated.
//!
//! The committed offset of a log is a key, too, and is only ever increased. A commit that raises nothing writes nothing, and a node
//! has one commit of a log at a time: at the end of a test all clients commit the same offsets of all logs at once. Stores such as
//! etcd refuse a comparison after any write, even of the same value, so these commits would exclude each other.
//!
//! The price is two messages for a send, if this node has seen the whole log, and two for each log and each new entry
//! of a poll. [Watermark logs](crate::watermark_logs) need none for either.

use super::deadline::{TIMEOUT, answered, within};
use futures_util::{
    future::{join_all, try_join_all},
    lock::Mutex,
};
use glomers_json::SortedMap;
use glomers_protocol::{
    CallError, Context, ErrorCode, Json, RpcError, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

/// The time that a poll looks for new messages.
const POLL_TIMEOUT: Duration = Duration::from_secs(1);

/// Logs whose entries are keys of `lin-kv`.
#[derive(Debug, Default)]
pub struct ClaimedOffsets(RefCell<SortedMap<String, Known>>);

/// The known part of a log.
#[derive(Debug, Default)]
struct Known {
    /// Its first entries.
    prefix: Vec<Json>,
    /// An offset that it is known to have committed; it may have committed more.
    committed: Option<i64>,
    /// The turns of its commits.
    turns: Rc<Mutex<()>>,
}

#[handler(kafka, schema)]
impl ClaimedOffsets {
    async fn send(&self, cx: &Context, request: Send) -> Result<SendOk, RpcError> {
        let offset = within(cx, TIMEOUT, self.claim(cx, &request.key, &request.msg)).await?;
        Ok(SendOk { offset: i64::try_from(offset).expect("fewer than 2^63 messages are sent") })
    }

    async fn poll(&self, cx: &Context, request: Poll) -> Result<PollOk, RpcError> {
        let all = join_all(request.offsets.keys().map(|key| self.catch_up(cx, key)));
        // When time runs out, the known prefix is shown.
        let _ = within(cx, POLL_TIMEOUT, async { Ok(all.await) }).await;
        let mut msgs = BTreeMap::new();
        for (key, from) in request.offsets {
            let entries = self.entries(&key, from);
            if !entries.is_empty() {
                msgs.insert(key, entries);
            }
        }
        Ok(PollOk { msgs })
    }

    async fn commit_offsets(&self, cx: &Context, request: CommitOffsets) -> Result<CommitOffsetsOk, RpcError> {
        let commits = request.offsets.iter().map(|(key, offset)| self.commit(cx, key, *offset));
        within(cx, TIMEOUT, try_join_all(commits)).await?;
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
        let offsets = within(cx, TIMEOUT, try_join_all(known)).await?;
        let mut committed = BTreeMap::new();
        for (key, offset) in offsets.into_iter().flatten() {
            committed.insert(key, offset);
        }
        Ok(ListCommittedOffsetsOk { offsets: committed })
    }
}

impl ClaimedOffsets {
    /// Appends `msg` to a log, and returns its offset.
    async fn claim(&self, cx: &Context, key: &str, msg: &Json) -> Result<usize, RpcError> {
        // No entry is an empty list, so the comparison fails if the key exists.
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

    /// Reads a log from the known prefix to its end, or as far as the service answers.
    async fn catch_up(&self, cx: &Context, key: &str) {
        loop {
            let offset = self.known(key);
            match cx.lin_kv().read::<[Json; 1]>(&entry_key(key, offset)).await {
                Ok(Some([msg])) => self.learn(key, offset, msg),
                _ => return,
            }
        }
    }

    /// Raises the committed offset of a log to `offset`, unless it is as high already.
    async fn commit(&self, cx: &Context, key: &str, offset: i64) -> Result<(), RpcError> {
        let (kv, committed_key) = (cx.lin_kv(), commit_key(key));
        let turns = Rc::clone(&self.0.borrow_mut().or_default(key.to_owned()).turns);
        let _turn = turns.lock().await;
        while self.0.borrow().get(key).and_then(|log| log.committed) < Some(offset) {
            let known = answered(async || kv.read::<i64>(&committed_key).await).await?;
            let is_raised = known >= Some(offset);
            let done = if is_raised { Ok(()) } else { kv.cas_or_create(&committed_key, &known, &offset).await };
            match done {
                Ok(()) => {
                    let mut logs = self.0.borrow_mut();
                    let log = logs.or_default(key.to_owned());
                    log.committed = log.committed.max(known).max(Some(offset));
                }
                // Another commit was first, or this one was done without an answer. The next read shows it.
                Err(CallError::Timeout { .. }) => {}
                Err(error) if error.code() == Some(ErrorCode::PreconditionFailed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The length of the known prefix of a log.
    fn known(&self, key: &str) -> usize {
        self.0.borrow().get(key).map_or(0, |log| log.prefix.len())
    }

    /// Adds an entry to the known prefix, unless a concurrent request has added it already.
    fn learn(&self, key: &str, offset: usize, msg: Json) {
        let mut logs = self.0.borrow_mut();
        let log = logs.or_default(key.to_owned());
        if log.prefix.len() == offset {
            log.prefix.push(msg);
        }
    }

    /// The known entries of a log from an offset on.
    fn entries(&self, key: &str, from: i64) -> Vec<OffsetMessage> {
        let logs = self.0.borrow();
        let prefix = logs.get(key).map(|log| &log.prefix[..]).unwrap_or_default();
        let numbered = (0..).zip(prefix);
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
