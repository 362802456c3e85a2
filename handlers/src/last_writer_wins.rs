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
//! With a disk, a transaction is acknowledged when it is durable on this node ([`shared_state`](crate::shared_state)),
//! also one that only reads: what it has read must not vanish. Read committed does not ask for that, but clients of a
//! database do. A restarted node has its clock, so its next writes are later than all that it has shown.
//!
//! Without a disk, a restarted node gets the registers from the others one by one. Until it has all of them it may show
//! a transaction in part, and a write that it makes before it receives a register may lose against an older one.
//!
//! A write is on all nodes after at most one tick and one latency. A tick is 100 ms with two nodes and 400 ms with
//! five.

use crate::{
    durable::OpenError,
    replication_feed::{BatchOf, Incarnation, ReplicationFeed},
    shared_state::{Replicated, SharedState, Source},
};
use foldhash::fast::FixedState;
use glomers_protocol::{
    Context, Json, NodeId, Reply, handler,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// The average time between two messages of a node, in milliseconds.
const PACE: u64 = 100;

/// Registers that hold the write with the greatest stamp.
#[derive(Debug)]
pub struct LastWriterWins(SharedState<Registers>);

/// The value of each register and its stamp. A list on the disk, because the keys of JSON objects are strings.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<(Json, Stamped)>")]
struct Registers(IndexMap<Json, Stamped, FixedState>);

type Stamped = (Stamp, Json);

/// A transaction's position in the order of all transactions.
type Stamp = (u64, Incarnation);

/// An entry of the feed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Record {
    /// A transaction of the sender. The entry's number gives its stamp.
    Done(Writes),
    /// The stamp and value of a register, for a node that has restarted.
    Held(Json, Stamp, Json),
}

/// The writes of a transaction, in order. It is a list because the keys of JSON objects are strings.
type Writes = Vec<(Json, Json)>;

impl Replicated for Registers {
    /// A transaction.
    type Request = Vec<MicroOp>;
    type Response = Vec<CompletedMicroOp>;
    type Entry = Record;

    fn execute(&mut self, feed: &mut ReplicationFeed, txn: Vec<MicroOp>) -> Vec<CompletedMicroOp> {
        let (stamp, has_peers) = ((feed.next(), feed.incarnation()), feed.has_peers());
        let (mut is_write, mut writes) = (false, Writes::new());
        let complete = |step| match step {
            MicroOp::Read { key } => self.read(key),
            MicroOp::Write { key, value } => {
                self.write(&key, stamp, &value);
                is_write = true;
                if has_peers {
                    writes.push((key.clone(), value.clone()));
                }
                CompletedMicroOp::Write { key, value }
            }
        };
        let txn = txn.into_iter().map(complete).collect();
        if is_write {
            feed.push(|| Json::new(&Record::Done(writes)));
        }
        txn
    }

    fn is_changed_by(&self, txn: &Vec<MicroOp>) -> bool {
        txn.iter().any(|step| matches!(step, MicroOp::Write { .. }))
    }

    fn merge(&mut self, source: &Source<'_>, entry: Record) {
        match entry {
            Record::Done(writes) => {
                let stamp = (source.number, source.incarnation);
                writes.iter().for_each(|(key, value)| self.write(key, stamp, value));
            }
            Record::Held(key, stamp, value) => self.write(&key, stamp, &value),
        }
    }

    fn all(&self) -> Vec<Json> {
        let held =
            |(key, (stamp, value)): (&Json, &Stamped)| Json::new(&Record::Held(key.clone(), *stamp, value.clone()));
        self.0.iter().map(held).collect()
    }
}

impl Registers {
    fn read(&self, key: Json) -> CompletedMicroOp {
        let value = self.0.get(&key).map_or_else(Json::null, |(_, value)| value.clone());
        CompletedMicroOp::Read { key, value }
    }

    /// Writes a register. Two writes with the same stamp belong to one transaction, and the second one counts.
    fn write(&mut self, key: &Json, stamp: Stamp, value: &Json) {
        match self.0.get_mut(key) {
            Some(held) if held.0 <= stamp => *held = (stamp, value.clone()),
            Some(_) => {}
            None => _ = self.0.insert(key.clone(), (stamp, value.clone())),
        }
    }
}

impl From<Vec<(Json, Stamped)>> for Registers {
    fn from(registers: Vec<(Json, Stamped)>) -> Self {
        Self(registers.into_iter().collect())
    }
}

impl Serialize for Registers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

#[handler(txn_rw_register, schema)]
impl LastWriterWins {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        SharedState::open(cx, Registers::default).map(Self)
    }

    fn txn(&self, request: Txn) -> Reply<TxnOk> {
        self.0.execute(request.txn, |txn| TxnOk { txn })
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
