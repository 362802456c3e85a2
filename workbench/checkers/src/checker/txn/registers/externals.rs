//! The part of a transaction over registers that others can see.

use crate::checker::txn::{
    by_id::ById,
    transactions::{Id, Seen, Step},
};

/// The first value of each key that a transaction reads before it writes the key, and the last that it writes.
pub(super) struct Externals {
    pub(super) reads: ById<Id>,
    pub(super) writes: ById<Id>,
}

impl Externals {
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut externals = Self { reads: ById::default(), writes: ById::default() };
        for step in steps {
            match step {
                Step::Read { key, values } if externals.writes.get(*key).is_none() => {
                    externals.reads.add(*key, values.value());
                }
                Step::Read { .. } => {}
                Step::Write { key, value } => _ = externals.writes.insert(*key, *value),
            }
        }
        externals
    }
}
