//! The transactions that appended elements.

use crate::{
    checker::txn::{
        by_id::PlaceOf,
        transactions::{Step, Transactions},
    },
    history::Kind,
};

/// Transactions by the key and the element that they appended.
pub(super) type Writers = PlaceOf;

/// The completions that can have had an effect.
pub(super) const POSSIBLE: &[Kind] = &[Kind::Ok, Kind::Info];

/// The last completion of these kinds that appended each element.
pub(super) fn writers(transactions: &Transactions, kinds: &[Kind]) -> Writers {
    let mut writers = Writers::default();
    for place in transactions.of_kinds(kinds) {
        for step in &transactions.entries[place].steps {
            if let Step::Write { key, value } = step {
                writers.insert(*key, *value, place);
            }
        }
    }
    writers
}
