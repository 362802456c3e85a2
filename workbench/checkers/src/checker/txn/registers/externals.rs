//! The part of a transaction over registers that others can see.

use crate::checker::txn::transactions::{Id, Seen, Step};
use std::collections::BTreeMap;

/// The first value of each key that a transaction reads before it writes the key, and the last that it writes.
pub(super) struct Externals {
    pub(super) reads: BTreeMap<Id, Id>,
    pub(super) writes: BTreeMap<Id, Id>,
}

impl Externals {
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut externals = Self { reads: BTreeMap::new(), writes: BTreeMap::new() };
        for step in steps {
            match step {
                Step::Read { key, values } if !externals.writes.contains_key(key) => {
                    externals.reads.entry(*key).or_insert(values.value());
                }
                Step::Read { .. } => {}
                Step::Write { key, value } => _ = externals.writes.insert(*key, *value),
            }
        }
        externals
    }
}
