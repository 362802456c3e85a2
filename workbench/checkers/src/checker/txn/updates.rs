//! Anomalies of writes that lists and registers share.

use super::{
    anomalies::{Anomalies, Anomaly, entry_json},
    by_id::PlaceOf,
    transactions::{Id, Step, Transactions},
};
use crate::history::Kind;
use foldhash::fast::FixedState;
use glomers_json::{SortedMap, SortedSet};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::mem;

/// For each key and value that was not the last its transaction wrote to the key, the entry of that transaction.
///
/// Elle looks at invocations too, so a transaction that never ended counts.
pub(super) fn intermediate(transactions: &Transactions) -> PlaceOf {
    let mut intermediate = PlaceOf::default();
    let mut last = SortedMap::<Id, Id>::new();
    for (place, entry) in transactions.entries.iter().enumerate() {
        last.clear();
        for step in &entry.steps {
            let Step::Write { key, value } = step else { continue };
            match last.get_mut(key) {
                Some(last) => _ = intermediate.insert(*key, mem::replace(last, *value), place),
                None => last.insert(*key, *value),
            }
        }
    }
    intermediate
}

/// Committed transactions that read the same state of a key and then wrote it (`lost-update`): all but one of them rest
/// on a stale read.
pub(super) fn lost(transactions: &Transactions, anomalies: &mut Anomalies) {
    type State<'a> = (Id, &'a Option<Box<[Id]>>);
    let mut updates: IndexMap<State<'_>, Vec<usize>, FixedState> = IndexMap::default();
    let mut states: Vec<State<'_>> = Vec::new();
    let (mut reads, mut written) = (SortedMap::<Id, &Option<Box<[Id]>>>::new(), SortedSet::<Id>::new());
    for place in transactions.of_kinds(&[Kind::Ok]) {
        reads.clear();
        written.clear();
        for step in &transactions.entries[place].steps {
            match step {
                Step::Read { key, values } => _ = reads.or_insert(*key, values),
                Step::Write { key, .. } => {
                    if let Some(read) = reads.get(key)
                        && written.insert(*key)
                    {
                        let update = updates.entry((*key, *read)).or_default();
                        update.push(place);
                        if update.len() == 2 {
                            states.push((*key, *read));
                        }
                    }
                }
            }
        }
    }
    for (key, read) in states {
        anomalies.push("lost-update", || describe(transactions, key, read, &updates[&(key, read)]));
    }
}

fn describe(transactions: &Transactions, key: Id, read: &Option<Box<[Id]>>, places: &[usize]) -> Anomaly {
    let labels: Vec<_> = places.iter().map(|place| transactions.label(*place)).collect();
    let (name, value) = (transactions.name(key), transactions.seen(read));
    let explanation = format!(
        "{} transactions ({}) all read key {name} as {value} and then wrote it; all but one of those updates was based \
         on a stale read (lost update)",
        places.len(),
        labels.join(", "),
    );
    let txns: Vec<Value> = places.iter().map(|place| entry_json(transactions, &transactions.entries[*place])).collect();
    let detail = json!({ "key": crate::json::value(name), "value": crate::json::value(&value), "txns": txns });
    let ops: Vec<usize> = places.iter().map(|place| transactions.entries[*place].index).collect();
    Anomaly::new(ops, explanation, detail)
}
