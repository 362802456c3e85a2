//! Kafka's logs without a leader: each node gives offsets by itself, and polls show a log only as far as nothing can be
//! missing.
//!
//! Offsets may have gaps, and polls need not be recent. So a message with number `i` in the [feed](crate::feed) of the
//! `j`-th of `n` nodes gets the offset `i * n + j`: unique without asking anybody, and growing with each send of a
//! node. What a poll must never do is to show an offset and later a lower one, because the client that saw the first
//! has gone on. Numbers are Lamport's clock: a node that has received number `i` gives only higher ones from then on,
//! and says so even if it has nothing to send. The lowest number that all nodes have said is the *horizon*. At or below
//! it every message is here, and none will ever be added, so that far a log is final and can be shown.
//!
//! In a partition the horizon stands still: clients go on to send and poll, but see new messages only after it. Without
//! one, a message is seen through every node after at most two ticks and two latencies: the message goes out, and the
//! other nodes' word that they have passed it comes back. A tick is 50 ms between two nodes, 200 ms among five.
//!
//! A node that starts again gets everything back that the others have. Until it has heard them, it may give offsets that
//! were given before: a message that it takes so early may be missed, or take the place of another.
//!
//! Commits travel in the feed too. The highest one wins, so their order is of no account.

use crate::feed::{Batch, Feed};
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

/// How many milliseconds a node's messages are apart on average.
const PACE: u64 = 50;

/// Logs that are shown up to the horizon.
pub struct HorizonLogs {
    /// Messages by offset, for each key; those beyond the horizon too.
    logs: RefCell<BTreeMap<String, BTreeMap<i64, Json>>>,
    committed: RefCell<BTreeMap<String, i64>>,
    feed: RefCell<Feed<Record>>,
}

/// What nodes tell each other.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A message under this key. The record's number gives the offset.
    Sent(String, Json),
    /// A message that has this offset, for a node that has started again.
    Manifest(String, i64, Json),
    Committed(BTreeMap<String, i64>),
}

#[handler(kafka, schema)]
impl HorizonLogs {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { logs: RefCell::default(), committed: RefCell::default(), feed: RefCell::new(Feed::new(cx)) }
    }

    fn send(&self, cx: &Context, request: Send) -> SendOk {
        let record = Record::Sent(request.key, request.msg);
        let number = self.feed.borrow_mut().push(|| record.clone());
        let offset = offset(cx, cx.id(), number);
        self.apply(offset, record);
        SendOk { offset }
    }

    fn poll(&self, cx: &Context, request: Poll) -> PollOk {
        let beyond = offset(cx, &cx.ids()[0], self.feed.borrow().horizon() + 1);
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
        feed.keep_up();
    }

    #[every(millis = self.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.feed.borrow_mut().flush(cx);
    }
}

impl HorizonLogs {
    fn apply(&self, offset: i64, record: Record) {
        match record {
            Record::Sent(key, msg) => {
                self.logs.borrow_mut().entry(key).or_default().insert(offset, msg);
            }
            Record::Manifest(key, offset, msg) => {
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
        let kept = messages.map(|(key, offset, msg)| Record::Manifest(key.clone(), *offset, msg.clone()));
        kept.chain([Record::Committed(self.committed.borrow().clone())]).collect()
    }

    /// Raises the committed offsets, and returns those that are news.
    fn commit(&self, mut offsets: BTreeMap<String, i64>) -> BTreeMap<String, i64> {
        let mut committed = self.committed.borrow_mut();
        offsets.retain(|key, offset| committed.get(key).is_none_or(|known| known < offset));
        committed.extend(offsets.clone());
        offsets
    }
}

/// The offset that belongs to a number in a node's feed. Greater numbers have greater offsets, whatever the nodes.
fn offset(cx: &Context, node: &NodeId, number: u64) -> i64 {
    let place = cx.ids().iter().position(|id| id == node).expect("feeds are those of the cluster's nodes");
    i64::try_from(number * cx.ids().len() as u64 + place as u64).expect("nobody sends 2^63 messages")
}
