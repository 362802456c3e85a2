//! Registers with transactions that never wait: each transaction runs on the node that receives it, and of two writes
//! to one register the later wins on all nodes.
//!
//! *Later* is decided by a stamp: the transaction's number in its node's [replication feed](crate::replication_feed),
//! which is a Lamport clock, then the node's incarnation. All writes of a transaction have its stamp, and every node
//! comes to hold the write with the greatest stamp of each register. So the nodes agree once all batches have arrived,
//! in whatever order.
//!
//! A transaction is one entry of the feed and is applied as a whole between two requests. So no transaction sees part
//! of another (read atomic), nor a value that its writer overwrote itself (no intermediate read, G1b). Nothing is ever
//! rolled back (no aborted read, G1a). A transaction's stamp is above the stamps of everything that it has read and
//! overwritten, so no cycle of reads and writes leads back to it (no dirty write, G0; no circular information flow,
//! G1c). This is more than read committed. Two stronger properties are missing. No system that answers during a
//! partition can prevent lost updates: two nodes may overwrite the same value of a register. Causal order would be
//! possible, but only by delaying writes: with three nodes or more, a write may arrive before another node's write on
//! which it was based.
//!
//! A restarted node gets the registers from the others one by one. Until it has all of them it may show a transaction
//! in part, and a write that it makes before it receives a register may lose against an older one.
//!
//! A write is on all nodes after at most one tick and one latency. A tick is 100 ms with two nodes and 400 ms with
//! five.

use crate::replication_feed::{Batch, Incarnation, ReplicationFeed};
use foldhash::fast::FixedState;
use glomers_protocol::{
    Context, Json, NodeId, handler,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use indexmap::{IndexMap, map::Entry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 100;

/// Registers that hold the write with the greatest stamp.
#[derive(Debug)]
pub struct LastWriterWins {
    registers: RefCell<IndexMap<Json, (Stamp, Json), FixedState>>,
    feed: RefCell<ReplicationFeed<Record>>,
}

/// A transaction's position in the order of all transactions.
type Stamp = (u64, Incarnation);

/// An entry of the feed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A transaction of the sender. The entry's number gives its stamp.
    Done(Writes),
    /// The stamp and value of a register, for a node that has restarted.
    Held(Json, Stamp, Json),
}

/// The writes of a transaction, in order. It is a list because the keys of JSON objects are strings.
type Writes = Vec<(Json, Json)>;

#[handler(txn_rw_register, schema)]
impl LastWriterWins {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { registers: RefCell::default(), feed: RefCell::new(ReplicationFeed::new(cx)) }
    }

    fn txn(&self, request: Txn) -> TxnOk {
        let mut feed = self.feed.borrow_mut();
        let (stamp, mut writes) = ((feed.next(), feed.incarnation()), Writes::new());
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
        let incarnation = batch.incarnation();
        for (number, record) in self.feed.borrow_mut().receive(from, batch, || self.held()) {
            match record {
                Record::Done(writes) => {
                    writes.into_iter().for_each(|(key, value)| self.write(key, (number, incarnation), value));
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

    /// Writes a register. Two writes with the same stamp belong to one transaction, and the second one counts.
    fn write(&self, key: Json, stamp: Stamp, value: Json) {
        match self.registers.borrow_mut().entry(key) {
            Entry::Vacant(entry) => _ = entry.insert((stamp, value)),
            Entry::Occupied(mut entry) if entry.get().0 <= stamp => _ = entry.insert((stamp, value)),
            Entry::Occupied(_) => {}
        }
    }
}
