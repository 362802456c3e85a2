//! The orders of the values of registers, each a graph, put together from several sources.
//!
//! A source that would make the values of a key run in a circle is left out, and the circle is an anomaly
//! (`cyclic-versions`).

use super::externals::Externals;
use crate::{
    checker::{
        comparable::incomparable,
        txn::{
            anomalies::{Anomalies, Anomaly},
            graph::components,
            order,
            transactions::{Id, NIL, Transactions},
        },
    },
    history::Kind,
};
use glomers_json::SortedMap;
use serde_json::json;
use std::mem;

/// Pairs of values of a key of which the first comes before the second.
type Pairs = SortedMap<Id, Vec<u64>>;

/// A pair of values as a number; such numbers have the order of the pairs.
fn packed(first: Id, second: Id) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// The values of a pair.
pub(super) fn unpacked(pair: u64) -> (Id, Id) {
    (id(pair >> 32), id(pair & u64::from(Id::MAX)))
}

fn id(number: u64) -> Id {
    Id::try_from(number).expect("it was a number with 32 bits")
}

/// The name of the order of real time as a source.
const REAL_TIME: &str = "linearizable-keys";

/// The known parts of the orders, by key.
#[derive(Default)]
pub(super) struct Versions {
    pub(super) pairs: Pairs,
}

impl Versions {
    /// The orders of a history; an error is the reason why Elle gives no verdict.
    pub(super) fn new(
        transactions: &Transactions,
        externals: &[Externals],
        linearizable_keys: bool,
        anomalies: &mut Anomalies,
    ) -> Result<Self, String> {
        let mut versions = Self::default();
        versions.add("initial-state", initial(transactions, externals), transactions, anomalies)?;
        versions.add("wfr-keys", writes_follow_reads(transactions, externals), transactions, anomalies)?;
        if linearizable_keys {
            let pairs = real_time(transactions, externals);
            versions.add(REAL_TIME, pairs, transactions, anomalies)?;
        }
        Ok(versions)
    }

    fn add(
        &mut self,
        source: &str,
        pairs: Pairs,
        transactions: &Transactions,
        anomalies: &mut Anomalies,
    ) -> Result<(), String> {
        let mut merged = self.pairs.clone();
        for (key, pairs) in pairs.iter() {
            merged.or_default(*key).extend(pairs);
        }
        for (_, pairs) in merged.iter_mut() {
            pairs.sort_unstable();
            pairs.dedup();
        }
        let mut is_cyclic = false;
        for (key, pairs) in merged.iter() {
            let circles = circles(pairs);
            is_cyclic |= !circles.is_empty();
            // Maelstrom does not ask Elle for this source.
            if source != REAL_TIME {
                sortable(transactions, *key, &circles)?;
            }
            for circle in circles {
                anomalies.push("cyclic-versions", || describe(transactions, source, *key, &circle));
            }
        }
        if !is_cyclic {
            self.pairs = merged;
        }
        Ok(())
    }

    /// Tells whether one value comes right before another.
    pub(super) fn is_before(&self, key: Id, first: Id, second: Id) -> bool {
        self.pairs.get(&key).is_some_and(|pairs| pairs.binary_search(&packed(first, second)).is_ok())
    }
}

/// Sets of values that all come before each other.
fn circles(pairs: &[u64]) -> Vec<Vec<Id>> {
    let mut values: Vec<u64> = Vec::with_capacity(2 * pairs.len());
    for (first, second) in pairs.iter().map(|pair| unpacked(*pair)) {
        values.extend([u64::from(first), u64::from(second)]);
    }
    values.sort_unstable();
    values.dedup();
    let place = |value: Id| values.binary_search(&u64::from(value)).ok();
    let mut out = vec![Vec::new(); values.len()];
    for (first, second) in pairs.iter().map(|pair| unpacked(*pair)) {
        if let (Some(first), Some(second)) = (place(first), place(second)) {
            out[first].push(second);
        }
    }
    let circles = components(&out);
    circles.into_iter().map(|circle| circle.into_iter().map(|place| id(values[place])).collect()).collect()
}

/// Elle sorts the circles of a key by their least values, and gives up where Clojure cannot compare them.
fn sortable(transactions: &Transactions, key: Id, circles: &[Vec<Id>]) -> Result<(), String> {
    if circles.len() < 2 {
        return Ok(());
    }
    let is_number = |id: &&Id| transactions.name(**id).decode::<f64>().is_ok();
    let values = || circles.iter().flatten();
    let stranger = values().find(|id| !is_number(id)).map(|id| transactions.name(*id));
    let pair = incomparable(values().map(|id| transactions.name(*id)));
    match stranger.or(pair.map(|(_, second)| second)) {
        Some(value) => Err(format!(
            "the values of key {} run in several circles, and {value} is not a number by which to sort them",
            transactions.name(key)
        )),
        None => Ok(()),
    }
}

/// The values before which `nil` comes: all of them.
fn initial(transactions: &Transactions, externals: &[Externals]) -> Pairs {
    let mut pairs = Pairs::default();
    for place in transactions.of_kinds(&[Kind::Ok, Kind::Info]) {
        let Externals { reads, writes } = &externals[place];
        let is_ok = transactions.entries[place].kind == Kind::Ok;
        for (key, value) in writes.iter().chain(reads.iter().filter(|_| is_ok)) {
            if *value != NIL {
                pairs.or_default(*key).push(packed(NIL, *value));
            }
        }
    }
    pairs
}

/// Values that a committed transaction read, and those that it then wrote. They may be the same.
fn writes_follow_reads(transactions: &Transactions, externals: &[Externals]) -> Pairs {
    let mut pairs = Pairs::default();
    for place in transactions.of_kinds(&[Kind::Ok]) {
        let Externals { reads, writes } = &externals[place];
        for (key, read) in reads.iter().filter(|(_, read)| *read != NIL) {
            if let Some(written) = writes.get(key).filter(|written| **written != NIL) {
                pairs.or_default(*key).push(packed(*read, *written));
            }
        }
    }
    pairs
}

/// Values by the real time of the transactions that have to do with them: from the last value of a transaction to the
/// first value of each next one that has to do with the key.
fn real_time(transactions: &Transactions, externals: &[Externals]) -> Pairs {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); transactions.entries.len()];
    order::realtime(transactions, &mut |before, later| after[before].push(later));
    // For each transaction, the last search that came by.
    let (mut seen_by, mut search) = (vec![0; after.len()], 0);
    let first = |place: usize, key: Id| {
        let Externals { reads, writes } = &externals[place];
        match transactions.entries[place].kind {
            Kind::Ok => reads.get(&key).or(writes.get(&key)).copied(),
            Kind::Info => writes.get(&key).copied(),
            Kind::Invoke | Kind::Fail => None,
        }
    };
    let mut pairs = Pairs::default();
    for (place, next) in after.iter().enumerate().filter(|(_, next)| !next.is_empty()) {
        let Externals { reads, writes } = &externals[place];
        let mut last = reads.clone();
        writes.iter().for_each(|(key, value)| last.insert(*key, *value));
        for (key, value) in last.iter() {
            let (key, value, mut open) = (*key, *value, next.clone());
            search += 1;
            while let Some(later) = open.pop() {
                if mem::replace(&mut seen_by[later], search) == search {
                    continue;
                }
                match first(later, key) {
                    Some(other) if other != value => pairs.or_default(key).push(packed(value, other)),
                    Some(_) => {}
                    None => open.extend(&after[later]),
                }
            }
        }
    }
    pairs
}

fn describe(transactions: &Transactions, source: &str, key: Id, circle: &[Id]) -> Anomaly {
    let values: Vec<String> = circle.iter().map(|value| transactions.name(*value).to_string()).collect();
    let name = transactions.name(key);
    let explanation = format!("assuming {source}, key {name} has a cyclic version order among {}", values.join(", "));
    let detail = json!({ "key": crate::json::value(name), "source": source, "scc": values });
    Anomaly::new([], explanation, detail)
}
