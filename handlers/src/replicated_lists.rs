//! Lists with strictly serializable transactions: each transaction is one command of the [replicated
//! log](crate::replicated_log), its reads included, and is executed as a whole.
//!
//! All nodes execute the same transactions one after the other in the order of the log: that is serializability. A
//! transaction that begins after another was answered comes after it in the log: that makes it strict. No transaction
//! ever aborts because of another.

use crate::replicated_log::{Packet, ReplicatedLog, StateMachine, TICK};
use glomers_json::{SortedMap, pairs};
use glomers_protocol::{
    Context, Failure, Json, NodeId, RpcError, handler,
    txn_list_append::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The time limit of a request. Clients wait for five seconds.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Lists that are the same on all nodes.
#[derive(Debug)]
pub struct ReplicatedLists(ReplicatedLog<Lists>);

/// The lists themselves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lists(#[serde(with = "pairs")] SortedMap<Json, Vec<Json>>);

impl StateMachine for Lists {
    type Command = Vec<MicroOp>;
    type Output = Vec<CompletedMicroOp>;

    fn execute(&mut self, txn: Vec<MicroOp>) -> Vec<CompletedMicroOp> {
        let execute = |step| match step {
            MicroOp::Read { key } => CompletedMicroOp::Read { value: self.0.get(&key).cloned(), key },
            MicroOp::Append { key, value } => {
                self.0.or_default(key.clone()).push(value.clone());
                CompletedMicroOp::Append { key, value }
            }
        };
        txn.into_iter().map(execute).collect()
    }
}

/// A message of the log.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ListsPacket(Packet);

#[handler(txn_list_append, schema)]
impl ReplicatedLists {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        Ok(Self(ReplicatedLog::new(cx, TIMEOUT)?))
    }

    async fn txn(&self, cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
        Ok(TxnOk { txn: self.0.execute(cx, request.txn).await? })
    }

    #[message]
    fn packet(&self, cx: &Context, from: &NodeId, packet: ListsPacket) {
        self.0.receive(cx, from, packet.0);
    }

    #[every(millis = TICK)]
    fn tick(&self, cx: &Context) {
        self.0.tick(cx);
    }
}
