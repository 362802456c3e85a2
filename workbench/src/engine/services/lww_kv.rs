//! `lww-kv`: two replicas that answer at random; the later write wins.
//!
//! Maelstrom means to merge one replica into another before each request, but drops the merged state (Maelstrom:
//! `service.clj`, `Eventual`): its replicas never learn of each other's writes. Verdicts depend on that, so the default here
//! is the same. With [`Options::merge_lww_kv`](crate::Options::merge_lww_kv) the replicas merge as they were meant to.

use crate::engine::services::{
    kv::{Action, Operation, Store, compare, read},
    request::{Answer, Reply},
    value::{Value, Values},
};
use glomers_protocol::NodeId;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

/// The number of replicas.
const REPLICAS: usize = 2;

pub(super) struct LwwKv {
    replicas: [Replica; REPLICAS],
    merges: bool,
}

#[derive(Clone, Default)]
struct Replica {
    /// A Lamport clock: the time of the next write.
    clock: u64,
    values: Values<Version>,
}

#[derive(Clone)]
struct Version {
    written: u64,
    value: Value,
}

impl Replica {
    fn get(&self, key: &Value) -> Option<&Value> {
        self.values.get(key).map(|version| &version.value)
    }

    fn set(&mut self, key: Value, value: Value) {
        self.values.insert(key, Version { written: self.clock, value });
        self.clock += 1;
    }

    /// Takes over the versions of `other` that are not older.
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
    pub(super) fn new(merges: bool) -> Self {
        Self { replicas: Default::default(), merges }
    }

    /// Merges replicas, if they merge, and draws the one that answers.
    fn draw(&mut self, rng: &mut Pcg64Mcg) -> &mut Replica {
        let mut draw = || rng.random_range(0..REPLICAS);
        let (source, dest, answering) = (draw(), draw(), draw());
        if self.merges {
            let source = self.replicas[source].clone();
            self.replicas[dest].merge(&source);
        }
        &mut self.replicas[answering]
    }
}

impl Store for LwwKv {
    fn serve(&mut self, _: &NodeId, Operation { key, action }: Operation, rng: &mut Pcg64Mcg) -> Reply {
        let replica = self.draw(rng);
        match action {
            Action::Read => read(replica.get(&key)),
            Action::Write { value } => {
                replica.set(key, value);
                Ok(Answer::Write)
            }
            // It does not know `create_if_not_exists`.
            Action::Cas { from, to, .. } => {
                let answer = compare(replica.get(&key), &from, false)?;
                replica.set(key, to);
                Ok(answer)
            }
        }
    }
}
