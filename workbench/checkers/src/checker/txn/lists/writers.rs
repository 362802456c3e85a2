//! The transactions that appended elements.

use crate::{
    checker::txn::{
        by_id::PlaceOf,
        transactions::{Step, Transactions},
    },
    history::Kind,
};
use foldhash::fast::FixedState;

/// Transactions by the key and the element that they appended.
pub(super) type Writers = PlaceOf;

/// The completions that can have had an effect.
pub(super) const POSSIBLE: &[Kind] = &[Kind::Ok, Kind::Info];

/// The last completion of these kinds that appended each element.
pub(super) fn writers(transactions: &Transactions, kinds: &[Kind]) -> Writers {
    let mut writers = with_room(transactions, kinds);
    for place in transactions.of_kinds(kinds) {
        for step in &transactions.entries[place].steps {
            if let Step::Write { key, value } = step {
                writers.insert((*key, *value), place);
            }
        }
    }
    writers
}

/// An empty table with room for all appends of these kinds of entries.
pub(super) fn with_room(transactions: &Transactions, kinds: &[Kind]) -> Writers {
    let is_write = |step: &&Step| matches!(step, Step::Write { .. });
    let writes = |place: usize| transactions.entries[place].steps.iter().filter(is_write).count();
    Writers::with_capacity_and_hasher(transactions.of_kinds(kinds).map(writes).sum(), FixedState::default())
}
