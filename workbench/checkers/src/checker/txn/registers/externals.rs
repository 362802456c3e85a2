//! The part of a transaction over registers that others can see.

use crate::checker::txn::transactions::{Id, Seen, Step};
use glomers_json::SortedMap;

/// The first value of each key that a transaction reads before it writes the key, and the last that it writes.
pub(super) struct Externals {
    pub(super) reads: SortedMap<Id, Id>,
    pub(super) writes: SortedMap<Id, Id>,
}

impl Externals {
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut externals = Self { reads: SortedMap::new(), writes: SortedMap::new() };
        for step in steps {
            match step {
                Step::Read { key, values } if !externals.writes.contains_key(key) => {
                    externals.reads.or_insert(*key, values.value());
                }
                Step::Read { .. } => {}
                Step::Write { key, value } => externals.writes.insert(*key, *value),
            }
        }
        externals
    }
}
