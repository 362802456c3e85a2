//! Kafka's logs without a leader: each node assigns offsets itself, and polls show a log only up to a low watermark,
//! below which nothing can be missing.
//!
//! Offsets may have gaps, and polls need not be recent. So a message with number `i` in the [replication
//! feed](crate::replication_feed) of the `j`-th of `n` nodes gets the offset `i * n + j`. Such offsets are unique
//! without coordination and grow with each send of a node. A poll must never show an offset and later a lower one,
//! because the client that saw the first would miss the second. The numbers form a Lamport clock: a node that has
//! received number `i` assigns only higher ones from then on, and says so even if it has nothing to send. The *low
//! watermark* is the lowest number that all nodes have announced. At or below it every message is here and none will
//! ever be added, so the log is final up to there and can be shown.
//!
//! During a partition the watermark stands still: clients continue to send and poll, but see new messages only
//! afterwards. Without one, a message is visible on every node after at most two ticks and two latencies: the message
//! goes out, and the other nodes' announcement that they have passed it comes back. A tick is 50 ms with two nodes and
//! 200 ms with five.
//!
//! # Restarts
//!
//! With a disk, a restarted node must not assign an offset again, nor one below what it has announced, because others
//! may have shown their logs up to there. Both hold because the clock is part of the [durable
//! state](crate::shared_state), and neither an offset nor an announcement leaves the node before it is durable. A
//! message is acknowledged then, too. Waiting for a second node would gain nothing but a safeguard against the loss of
//! a disk, and sends would fail in a partition. Polls wait for the disk as well: a client that has seen a log up to the
//! watermark would miss what is assigned below it by a node that has forgotten its clock.
//!
//! Without a disk, a restarted node gets back everything that the others have. Until it has heard from them it may
//! assign offsets that were assigned before. A message that it receives so early may be missed by polls, or may replace
//! another one.
//!
//! Commits travel in the feed too. The highest one wins, so their order does not matter.

use crate::{
    durable::OpenError,
    replication_feed::{BatchOf, ReplicationFeed},
    shared_state::{Replicated, SharedState, Source},
};
use glomers_json::SortedMap;
use glomers_protocol::{
    Context, Json, NodeId, Reply, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 50;

/// Logs that are shown up to the low watermark.
#[derive(Debug)]
pub struct WatermarkLogs(SharedState<Logs>);

#[derive(Debug, Serialize, Deserialize)]
struct Logs {
    node: NodeId,
    cluster: Vec<NodeId>,
    /// Messages by offset for each key, including those above the watermark.
    logs: SortedMap<String, SortedMap<i64, Json>>,
    committed: SortedMap<String, i64>,
}

/// An entry of the feed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A message under this key. The entry's number gives its offset.
    Sent(String, Json),
    /// A message with its offset, for a node that has restarted.
    Assigned(String, i64, Json),
    Committed(#[schemars(with = "BTreeMap<String, i64>")] SortedMap<String, i64>),
}

impl Replicated for Logs {
    type Request = Record;
    /// The offset of a message; of no use for commits.
    type Response = i64;
    type Entry = Record;
    const ADVANCES: bool = true;

    fn execute(&mut self, feed: &mut ReplicationFeed, mut record: Record) -> i64 {
        if let Record::Committed(offsets) = &mut record {
            offsets.retain(|key, offset| self.raises(key, *offset));
            if offsets.is_empty() {
                return 0;
            }
        }
        let number = feed.push(|| Json::new(&record));
        let offset = self.offset(&self.node, number);
        self.record(offset, record);
        offset
    }

    fn is_changed_by(&self, record: &Record) -> bool {
        match record {
            Record::Sent(..) | Record::Assigned(..) => true,
            Record::Committed(offsets) => offsets.iter().any(|(key, offset)| self.raises(key, *offset)),
        }
    }

    fn merge(&mut self, source: &Source<'_>, record: Record) {
        self.record(self.offset(source.node, source.number), record);
    }

    fn all(&self) -> Vec<Json> {
        let mut all = Vec::new();
        for (key, log) in self.logs.iter() {
            for (offset, msg) in log.iter() {
                all.push(Json::new(&Record::Assigned(key.clone(), *offset, msg.clone())));
            }
        }
        all.push(Json::new(&Record::Committed(self.committed.clone())));
        all
    }
}

impl Logs {
    fn new(cx: &Context) -> Self {
        let (logs, committed) = Default::default();
        Self { node: cx.id().clone(), cluster: cx.ids().to_vec(), logs, committed }
    }

    /// Applies a record whose number stands for this offset.
    fn record(&mut self, offset: i64, record: Record) {
        match record {
            Record::Sent(key, msg) => self.logs.or_default(key).insert(offset, msg),
            Record::Assigned(key, offset, msg) => self.logs.or_default(key).insert(offset, msg),
            Record::Committed(mut offsets) => {
                offsets.retain(|key, offset| self.raises(key, *offset));
                offsets.into_iter().for_each(|(key, offset)| self.committed.insert(key, offset));
            }
        }
    }

    /// The offset for a number in a node's feed. A greater number has a greater offset, whatever the nodes.
    fn offset(&self, node: &NodeId, number: u64) -> i64 {
        let position = self.cluster.iter().position(|id| id == node).expect("only nodes of the cluster have feeds");
        i64::try_from(number * self.cluster.len() as u64 + position as u64).expect("fewer than 2^63 messages are sent")
    }

    /// The messages of a log from an offset on, below another one.
    fn messages(&self, key: &str, from: i64, beyond: i64) -> Vec<OffsetMessage> {
        let log = self.logs.get(key).map(|log| log.from(&from)).unwrap_or_default();
        let shown = log.iter().take_while(|(offset, _)| *offset < beyond);
        shown.map(|message| OffsetMessage(message.clone())).collect()
    }

    /// Tells if an offset is higher than the one that is committed.
    fn raises(&self, key: &str, offset: i64) -> bool {
        self.committed.get(key).is_none_or(|known| *known < offset)
    }
}

#[handler(kafka, schema)]
impl WatermarkLogs {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        SharedState::open(cx, || Logs::new(cx)).map(Self)
    }

    fn send(&self, request: Send) -> Reply<SendOk> {
        self.0.execute(Record::Sent(request.key, request.msg), |offset| SendOk { offset })
    }

    fn poll(&self, request: Poll) -> Reply<PollOk> {
        self.0.read(|logs, feed| {
            let beyond = logs.offset(&logs.cluster[0], feed.low_watermark() + 1);
            let mut msgs = BTreeMap::new();
            for (key, from) in request.offsets {
                let messages = logs.messages(&key, from, beyond);
                if !messages.is_empty() {
                    msgs.insert(key, messages);
                }
            }
            PollOk { msgs }
        })
    }

    fn commit_offsets(&self, request: CommitOffsets) -> Reply<CommitOffsetsOk> {
        self.0.execute(Record::Committed(request.offsets.into_iter().collect()), |_| CommitOffsetsOk {})
    }

    fn list_committed_offsets(&self, request: ListCommittedOffsets) -> Reply<ListCommittedOffsetsOk> {
        self.0.read(|logs, _| {
            let mut offsets = BTreeMap::new();
            for key in request.keys {
                if let Some(offset) = logs.committed.get(&key) {
                    offsets.insert(key, *offset);
                }
            }
            ListCommittedOffsetsOk { offsets }
        })
    }

    #[message]
    fn batch(&self, from: &NodeId, message: BatchOf<Record>) {
        self.0.receive(from, message.batch);
    }

    #[every(millis = self.0.pace(PACE))]
    async fn flush(&self, cx: &Context) {
        self.0.flush(cx).await;
    }
}
