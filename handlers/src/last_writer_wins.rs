//! Registers with transactions that never wait: each runs on the node that it came to, and of two writes to one
//! register the later wins on all nodes.
//!
//! *Later* is decided by a stamp: the transaction's number in its node's [feed](crate::feed), which is Lamport's clock,
//! then the life of the node. All writes of a transaction have its stamp, and all nodes come to hold the greatest stamp of
//! each register; so they agree once the feeds have come through, in whatever order.
//!
//! A transaction is one entry of the feed and applied as a whole between two requests, so nobody sees part of it (read
//! atomic), nor a value that it overwrote itself (no intermediate read, G1b); nothing is ever rolled back (no aborted
//! read, G1a). A transaction's stamp is above those of all it has read and overwritten, so no circle of reads and
//! writes leads back to it (no dirty write, G0; no circular flow, G1c). That is more than read committed. What no
//! system can give that answers in a partition: two nodes may overwrite a register from the same value, and one update
//! is lost. What one could, but only by holding writes back: with three nodes or more a write may arrive before another
//! node's that it was based on.
//!
//! A node that starts again gets the registers from the others, one by one: until it has all, it may show a transaction
//! in part, and what it writes before it hears of a register may lose against what is older.
//!
//! A write is on all nodes after a tick and a latency at most; a tick is 100 ms between two nodes, 400 ms among five.

use crate::feed::{Batch, Feed, Life};
use foldhash::fast::FixedState;
use glomers_protocol::{
    Context, Json, NodeId, handler,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use indexmap::{IndexMap, map::Entry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// How many milliseconds a node's messages are apart on average.
const PACE: u64 = 100;

/// Registers that hold the write with the greatest stamp.
pub struct LastWriterWins {
    registers: RefCell<IndexMap<Json, (Stamp, Json), FixedState>>,
    feed: RefCell<Feed<Record>>,
}

/// A transaction's place in the order of all transactions.
type Stamp = (u64, Life);

/// What nodes tell each other.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A transaction of the sender. The record's number gives the stamp.
    Done(Writes),
    /// What a register holds, for a node that has started again.
    Held(Json, Stamp, Json),
}

/// The writes of a transaction, in order. A list, because JSON's maps have only strings as keys.
type Writes = Vec<(Json, Json)>;

#[handler(txn_rw_register, schema)]
impl LastWriterWins {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { registers: RefCell::default(), feed: RefCell::new(Feed::new(cx)) }
    }

    fn txn(&self, request: Txn) -> TxnOk {
        let mut feed = self.feed.borrow_mut();
        let (stamp, mut writes) = ((feed.next(), feed.life()), Writes::new());
        let complete = |step| match step {
            MicroOp::Read { key } => CompletedMicroOp::Read { value: self.read(&key), key },
            MicroOp::Write { key, value } => {
                self.write(key.clone(), stamp, value.clone());
                writes.push((key.clone(), value.clone()));
                CompletedMicroOp::Write { key, value }
            }
        };
        let txn = request.txn.into_iter().map(complete).collect();
        if !writes.is_empty() {
            feed.push(|| Record::Done(writes));
        }
        TxnOk { txn }
    }

    #[message]
    fn batch(&self, from: &NodeId, batch: Batch<Record>) {
        let life = batch.life();
        for (number, record) in self.feed.borrow_mut().receive(from, batch, || self.held()) {
            match record {
                Record::Done(writes) => {
                    writes.into_iter().for_each(|(key, value)| self.write(key, (number, life), value));
                }
                Record::Held(key, stamp, value) => self.write(key, stamp, value),
            }
        }
    }

    #[every(millis = self.feed.borrow().pace(PACE))]
    fn flush(&self, cx: &Context) {
        self.feed.borrow_mut().flush(cx);
    }
}

impl LastWriterWins {
    fn read(&self, key: &Json) -> Json {
        self.registers.borrow().get(key).map_or_else(Json::null, |(_, value)| value.clone())
    }

    fn held(&self) -> Vec<Record> {
        let held = |(key, (stamp, value)): (&Json, &(Stamp, Json))| Record::Held(key.clone(), *stamp, value.clone());
        self.registers.borrow().iter().map(held).collect()
    }

    /// Of two writes with one stamp, which are of one transaction, the second counts.
    fn write(&self, key: Json, stamp: Stamp, value: Json) {
        match self.registers.borrow_mut().entry(key) {
            Entry::Vacant(entry) => _ = entry.insert((stamp, value)),
            Entry::Occupied(mut entry) if entry.get().0 <= stamp => _ = entry.insert((stamp, value)),
            Entry::Occupied(_) => {}
        }
    }
}
