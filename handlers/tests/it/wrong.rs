//! Replicated maps and lists, each with one deliberate mistake.

use glomers_handlers::{
    replicated_lists::Lists,
    replicated_log::{Packet, ReplicatedLog, StateMachine, TICK},
    replicated_map::{Command, Map},
};
use glomers_protocol::{
    Context, Failure, Json, NodeId, RpcError, handler,
    lin_kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
    txn_list_append::{MicroOp, Txn, TxnOk},
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, time::Duration};

const PATIENCE: Duration = Duration::from_millis(800);

/// Answers from a map that no other node knows.
#[derive(Default)]
pub(crate) struct LocalMap(RefCell<Map>);

#[handler(lin_kv)]
impl LocalMap {
    fn read(&self, request: Read) -> Result<ReadOk, RpcError> {
        Ok(ReadOk { value: self.0.borrow_mut().execute(Command::Read(request))? })
    }

    fn write(&self, request: Write) -> Result<WriteOk, RpcError> {
        self.0.borrow_mut().execute(Command::Write(request)).map(|_| WriteOk {})
    }

    fn cas(&self, request: Cas) -> Result<CasOk, RpcError> {
        self.0.borrow_mut().execute(Command::Cas(request)).map(|_| CasOk {})
    }
}

/// Executes commands when they are proposed, and tells the other nodes.
#[derive(Default)]
pub(crate) struct EagerMap(RefCell<Map>);

#[derive(Serialize, Deserialize)]
pub(crate) struct Done {
    command: Command,
}

#[handler(lin_kv)]
impl EagerMap {
    fn read(&self, request: Read) -> Result<ReadOk, RpcError> {
        Ok(ReadOk { value: self.0.borrow_mut().execute(Command::Read(request))? })
    }

    fn write(&self, cx: &Context, request: Write) -> Result<WriteOk, RpcError> {
        self.execute(cx, Command::Write(request)).map(|_| WriteOk {})
    }

    fn cas(&self, cx: &Context, request: Cas) -> Result<CasOk, RpcError> {
        self.execute(cx, Command::Cas(request)).map(|_| CasOk {})
    }

    #[message]
    fn done(&self, done: Done) -> Result<(), RpcError> {
        self.0.borrow_mut().execute(done.command).map(|_| ())
    }
}

impl EagerMap {
    fn execute(&self, cx: &Context, command: Command) -> Result<Json, RpcError> {
        cx.peers().for_each(|peer| cx.send(peer, &Done { command: command.clone() }));
        self.0.borrow_mut().execute(command)
    }
}

/// A map whose compare-and-set sets whatever it finds.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Careless(Map);

impl StateMachine for Careless {
    type Command = Command;
    type Output = Result<Json, RpcError>;

    fn execute(&mut self, command: Command) -> Self::Output {
        self.0.execute(match command {
            Command::Cas(Cas { key, to, .. }) => Command::Write(Write { key, value: to }),
            other => other,
        })
    }
}

pub(crate) struct CarelessMap(ReplicatedLog<Careless>);

// A type is the message of one handler only, so the packets come here as types of their own.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CarelessPacket(Packet);

#[handler(lin_kv)]
impl CarelessMap {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        Ok(Self(ReplicatedLog::new(cx, PATIENCE)?))
    }

    async fn read(&self, cx: &Context, request: Read) -> Result<ReadOk, RpcError> {
        Ok(ReadOk { value: self.0.execute(cx, Command::Read(request)).await?? })
    }

    async fn write(&self, cx: &Context, request: Write) -> Result<WriteOk, RpcError> {
        self.0.execute(cx, Command::Write(request)).await?.map(|_| WriteOk {})
    }

    async fn cas(&self, cx: &Context, request: Cas) -> Result<CasOk, RpcError> {
        self.0.execute(cx, Command::Cas(request)).await?.map(|_| CasOk {})
    }

    #[message]
    fn packet(&self, cx: &Context, from: &NodeId, packet: CarelessPacket) {
        self.0.receive(cx, from, packet.0);
    }

    #[every(millis = TICK)]
    fn tick(&self, cx: &Context) {
        self.0.tick(cx);
    }
}

/// Executes transactions when they come, and tells the other nodes.
#[derive(Default)]
pub(crate) struct EagerLists(RefCell<Lists>);

#[derive(Serialize, Deserialize)]
pub(crate) struct Executed {
    txn: Vec<MicroOp>,
}

#[handler(txn_list_append)]
impl EagerLists {
    fn txn(&self, cx: &Context, Txn { txn }: Txn) -> TxnOk {
        cx.peers().for_each(|peer| cx.send(peer, &Executed { txn: txn.clone() }));
        TxnOk { txn: self.0.borrow_mut().execute(txn) }
    }

    #[message]
    fn executed(&self, executed: Executed) {
        self.0.borrow_mut().execute(executed.txn);
    }
}

/// Executes each step of a transaction by itself.
pub(crate) struct TornLists(pub(crate) ReplicatedLog<Lists>);

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TornPacket(Packet);

#[handler(txn_list_append)]
impl TornLists {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        Ok(Self(ReplicatedLog::new(cx, PATIENCE)?))
    }

    async fn txn(&self, cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
        let mut txn = Vec::new();
        for step in request.txn {
            txn.extend(self.0.execute(cx, vec![step]).await?);
        }
        Ok(TxnOk { txn })
    }

    #[message]
    fn packet(&self, cx: &Context, from: &NodeId, packet: TornPacket) {
        self.0.receive(cx, from, packet.0);
    }

    #[every(millis = TICK)]
    fn tick(&self, cx: &Context) {
        self.0.tick(cx);
    }
}

/// Executes transactions again that have been executed, as without the numbers of commands.
pub(crate) struct TwiceLists(ReplicatedLog<Lists>);

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TwicePacket(Packet);

#[handler(txn_list_append)]
impl TwiceLists {
    #[init]
    fn new(cx: &Context) -> Result<Self, Failure> {
        Ok(Self(ReplicatedLog::new(cx, PATIENCE)?))
    }

    async fn txn(&self, cx: &Context, request: Txn) -> Result<TxnOk, RpcError> {
        let txn = self.0.execute(cx, request.txn.clone()).await?;
        self.0.execute(cx, request.txn).await?;
        Ok(TxnOk { txn })
    }

    #[message]
    fn packet(&self, cx: &Context, from: &NodeId, packet: TwicePacket) {
        self.0.receive(cx, from, packet.0);
    }

    #[every(millis = TICK)]
    fn tick(&self, cx: &Context) {
        self.0.tick(cx);
    }
}
