//! A linearizable map: every read, write and compare-and-set is a command of the
//! [replicated log](crate::replicated_log).
//!
//! Commands take effect in the order of the log, one at a time and in the same order on all nodes. A command enters the
//! log after its request and is executed before its response, so it takes effect between the two: that is
//! linearizability. Reads go through the log as well, because a node cannot know by itself if other nodes have
//! continued without it.

use crate::replicated_log::{Packet, ReplicatedLog, StateMachine, TICK};
use glomers_json::{SortedMap, pairs};
use glomers_protocol::{
    Context, ErrorCode, Failure, Json, NodeId, RpcError, handler,
    lin_kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The time limit of a request. Clients wait for a second, or ten mean latencies if that is more.
const TIMEOUT: Duration = Duration::from_millis(900);

/// A map that is the same on all nodes.
#[derive(Debug)]
pub struct ReplicatedMap(ReplicatedLog<Map>);

/// The map itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Map(#[serde(with = "pairs")] SortedMap<Json, Json>);

/// An operation on the map.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Reads a value.
    Read(Read),
    /// Writes a value.
    Write(Write),
    /// Replaces an expected value.
    Cas(Cas),
}

impl StateMachine for Map {
    type Command = Command;
    /// The key's value after the operation.
    type Output = Result<Json, RpcError>;

    fn execute(&mut self, command: Command) -> Self::Output {
        match command {
            Command::Read(Read { key }) => self.get(&key).cloned(),
            Command::Write(Write { key, value }) => {
                self.0.insert(key, value.clone());
                Ok(value)
            }
            Command::Cas(Cas { key, from, to }) => {
                let value = self.get(&key)?;
                if *value != from {
                    let text = format!("expected {from}, had {value}");
                    return Err(RpcError::new(ErrorCode::PreconditionFailed, text));
                }
                self.0.insert(key, to.clone());
                Ok(to)
            }
        }
    }
}

impl Map {
    fn get(&self, key: &Json) -> Result<&Json, RpcError> {
        self.0.get(key).ok_or_else(|| RpcError::new(ErrorCode::KeyDoesNotExist, format!("key {key} does not exist")))
    }
}

/// A message of the log.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MapPacket(Packet);

#[handler(lin_kv, schema)]
impl ReplicatedMap {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        Ok(Self(ReplicatedLog::new(cx, TIMEOUT)?))
    }

    async fn read(&self, cx: &Context, request: Read) -> Result<ReadOk, RpcError> {
        Ok(ReadOk { value: self.0.execute(cx, Command::Read(request)).await?? })
    }

    async fn write(&self, cx: &Context, request: Write) -> Result<WriteOk, RpcError> {
        self.0.execute(cx, Command::Write(request)).await??;
        Ok(WriteOk {})
    }

    async fn cas(&self, cx: &Context, request: Cas) -> Result<CasOk, RpcError> {
        self.0.execute(cx, Command::Cas(request)).await??;
        Ok(CasOk {})
    }

    #[message]
    fn packet(&self, cx: &Context, from: &NodeId, packet: MapPacket) {
        self.0.receive(cx, from, packet.0);
    }

    #[every(millis = TICK)]
    fn tick(&self, cx: &Context) {
        self.0.tick(cx);
    }
}
