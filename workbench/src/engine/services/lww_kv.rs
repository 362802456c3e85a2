//! `lww-kv`: two replicas that answer at random and now and then tell each other what they have; the later write wins.
//! Before each request one replica, drawn at random, is merged into another, or into itself.

use super::kv;
use glomers_protocol::{
    Context, Json, RpcError, handler,
    rand::RngExt,
    services::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
};
use std::{
    cell::{RefCell, RefMut},
    collections::BTreeMap,
};

#[derive(Default)]
pub(super) struct LwwKv(RefCell<[Replica; 2]>);

#[derive(Clone, Default)]
struct Replica {
    /// A Lamport clock: the time of the next write.
    clock: u64,
    values: BTreeMap<Json, Version>,
}

#[derive(Clone)]
struct Version {
    written: u64,
    value: Json,
}

impl Replica {
    fn get(&self, key: &Json) -> Option<&Json> {
        self.values.get(key).map(|version| &version.value)
    }

    fn set(&mut self, key: Json, value: Json) {
        self.values.insert(key, Version { written: self.clock, value });
        self.clock += 1;
    }

    /// Takes over what `other` has that is not older.
    fn merge(&mut self, other: &Self) {
        self.clock = self.clock.max(other.clock);
        for (key, version) in &other.values {
            match self.values.get_mut(key) {
                Some(own) if own.written > version.written => {}
                Some(own) => *own = version.clone(),
                None => {
                    self.values.insert(key.clone(), version.clone());
                }
            }
        }
    }
}

impl LwwKv {
    /// Lets the replicas talk, and gives the one that answers.
    fn replica(&self, cx: &Context) -> RefMut<'_, Replica> {
        let draw = || cx.rng().random_range(0..2_usize);
        let (source, dest, answering) = (draw(), draw(), draw());
        let mut replicas = self.0.borrow_mut();
        let source = replicas[source].clone();
        replicas[dest].merge(&source);
        RefMut::map(replicas, |replicas| &mut replicas[answering])
    }
}

#[handler(glomers_protocol::services::kv)]
impl LwwKv {
    fn read(&self, cx: &Context, request: Read) -> Result<ReadOk, RpcError> {
        kv::read(self.replica(cx).get(&request.key))
    }

    fn write(&self, cx: &Context, request: Write) -> WriteOk {
        self.replica(cx).set(request.key, request.value);
        WriteOk {}
    }

    fn cas(&self, cx: &Context, request: Cas) -> Result<CasOk, RpcError> {
        let mut replica = self.replica(cx);
        kv::compare(replica.get(&request.key), &request, false)?;
        replica.set(request.key, request.to);
        Ok(CasOk {})
    }
}
