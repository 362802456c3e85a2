//! Unique ids without coordination: the node id, a random number drawn at the start of the process, and a counter.
//!
//! Two ids of one process differ in the counter, ids of two nodes in the node id, and ids of two runs of one node in
//! the random number. With 64 random bits, two of a million restarts of one node collide with a probability of 3 in 100
//! million. The algorithm needs no message and no clock, so neither partitions nor clock skew matter.

use glomers_protocol::{
    Context, Json, handler,
    rand::Rng,
    unique_ids::{Generate, GenerateOk},
};
use std::cell::Cell;

/// Ids of the form `n1-2f0c71be6a90d8e4-17`.
#[derive(Debug)]
pub struct PrefixedIds {
    prefix: String,
    next: Cell<u64>,
}

#[handler(unique_ids, schema)]
impl PrefixedIds {
    #[init]
    fn new(cx: &Context) -> Self {
        Self { prefix: format!("{}-{:016x}", cx.id(), cx.rng().next_u64()), next: Cell::new(0) }
    }

    fn generate(&self, _: Generate) -> GenerateOk {
        let counter = self.next.replace(self.next.get() + 1);
        GenerateOk { id: Json::from(format!("{}-{counter}", self.prefix)) }
    }
}
