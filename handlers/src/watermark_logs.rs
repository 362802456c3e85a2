//! Kafka's logs without a leader: each node assigns offsets itself, and polls show a log only up to a low watermark,
//! below which nothing can be missing.
//!
//! Offsets may have gaps, and polls need not be recent. So a message with number `i` in the
//! [replication feed](crate::replication_feed) of the `j`-th of `n` nodes gets the offset `i * n + j`. Such offsets are
//! unique without coordination and grow with each send of a node. A poll must never show an offset and later a lower
//! one, because the client that saw the first would miss the second. The numbers form a Lamport clock: a node that has
//! received number `i` assigns only higher ones from then on, and says so even if it has nothing to send. The *low
//! watermark* is the lowest number that all nodes have announced. At or below it every message is here and none will
//! ever be added, so the log is final up to there and can be shown.
//!
//! During a partition the watermark stands still: clients continue to send and poll, but see new messages only
//! afterwards. Without one, a message is visible on every node after at most two ticks and two latencies: the message
//! goes out, and the other nodes' announcement that they have passed it comes back. A tick is 50 ms with two nodes and
//! 200 ms with five.
//!
//! A restarted node gets back everything that the others have. Until it has heard from them it may assign offsets that
//! were assigned before. A message that it receives so early may be missed by polls, or may replace another one.
//!
//! Commits travel in the feed too. The highest one wins, so their order does not matter.

use crate::replication_feed::{Batch, ReplicationFeed};
use glomers_protocol::{
    Context, Json, NodeId, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap};

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 50;

/// Logs that are shown up to the low watermark.
#[derive(Debug)]
pub struct WatermarkLogs {
    /// Messages by offset for each key, including those above the watermark.
    logs: RefCell<BTreeMap<String, BTreeMap<i64, Json>>>,
    committed: RefCell<BTreeMap<String, i64>>,
    feed: RefCell<ReplicationFeed<Record>>,
}

/// An entry of the feed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A message under this key. The entry's number gives its offset.
    Sent(String, Json),
    /// A message with its offset, for a node that has restarted.
    Assigned(String, i64, Json),
    Committed(BTreeMap<String, i64>),
}

#[handler(kafka, schema)]
impl WatermarkLogs {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { logs: RefCell::default(), committed: RefCell::default(), feed: RefCell::new(ReplicationFeed::new(cx)) }
    }

    fn send(&self, cx: &Context, request: Send) -> SendOk {
        let record = Record::Sent(request.key, request.msg);
        let number = self.feed.borrow_mut().push(|| record.clone());
        let offset = offset(cx, cx.id(), number);
        self.apply(offset, record);
        SendOk { offset }
    }

    fn poll(&self, cx: &Context, request: Poll) -> PollOk {
        let beyond = offset(cx, &cx.ids()[0], self.feed.borrow().low_watermark() + 1);
        let logs = self.logs.borrow();
        let final_part = |key: &str, from: i64| -> Option<Vec<OffsetMessage>> {
            let messages = logs.get(key)?.range(from..).take_while(|(offset, _)| **offset < beyond);
            Some(messages.map(|(offset, msg)| OffsetMessage((*offset, msg.clone()))).collect())
        };
        let polled = request.offsets.into_iter().filter_map(|(key, from)| Some((final_part(&key, from)?, key)));
        PollOk { msgs: polled.filter(|(msgs, _)| !msgs.is_empty()).map(|(msgs, key)| (key, msgs)).collect() }
    }

    fn commit_offsets(&self, request: CommitOffsets) -> CommitOffsetsOk {
        let news = self.commit(request.offsets);
        if !news.is_empty() {
            self.feed.borrow_mut().push(|| Record::Committed(news));
        }
        CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, request: ListCommittedOffsets) -> ListCommittedOffsetsOk {
        let committed = self.committed.borrow();
        let known = |key: String| committed.get(&key).map(|offset| (key, *offset));
        ListCommittedOffsetsOk { offsets: request.keys.into_iter().filter_map(known).collect() }
    }

    #[message]
    fn batch(&self, cx: &Context, from: &NodeId, batch: Batch<Record>) {
        let mut feed = self.feed.borrow_mut();
        for (number, record) in feed.receive(from, batch, || self.known()) {
            self.apply(offset(cx, from, number), record);
        }
        feed.advance();
    }

    #[every(millis = self.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.feed.borrow_mut().flush(cx);
    }
}

impl WatermarkLogs {
    fn apply(&self, offset: i64, record: Record) {
        match record {
            Record::Sent(key, msg) => {
                self.logs.borrow_mut().entry(key).or_default().insert(offset, msg);
            }
            Record::Assigned(key, offset, msg) => {
                self.logs.borrow_mut().entry(key).or_default().insert(offset, msg);
            }
            Record::Committed(offsets) => {
                self.commit(offsets);
            }
        }
    }

    fn known(&self) -> Vec<Record> {
        let logs = self.logs.borrow();
        let messages = logs.iter().flat_map(|(key, log)| log.iter().map(move |(offset, msg)| (key, offset, msg)));
        let assigned = messages.map(|(key, offset, msg)| Record::Assigned(key.clone(), *offset, msg.clone()));
        assigned.chain([Record::Committed(self.committed.borrow().clone())]).collect()
    }

    /// Raises the committed offsets, and returns those that are new.
    fn commit(&self, mut offsets: BTreeMap<String, i64>) -> BTreeMap<String, i64> {
        let mut committed = self.committed.borrow_mut();
        offsets.retain(|key, offset| committed.get(key).is_none_or(|known| known < offset));
        committed.extend(offsets.clone());
        offsets
    }
}

/// The offset for a number in a node's feed. A greater number has a greater offset, whatever the nodes.
fn offset(cx: &Context, node: &NodeId, number: u64) -> i64 {
    let position = cx.ids().iter().position(|id| id == node).expect("only nodes of the cluster have feeds");
    i64::try_from(number * cx.ids().len() as u64 + position as u64).expect("fewer than 2^63 messages are sent")
}
