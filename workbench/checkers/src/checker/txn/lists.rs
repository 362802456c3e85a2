//! Transactions that append unique elements to lists, and read whole lists (elle: `list_append.clj`).
//!
//! A read shows the order of all appends before it, so the longest read of a key is its version order.

mod dependencies;
mod internal;
mod versions;
mod writers;

use super::{
    anomalies::{Analysis, Anomalies, Anomaly, entry_json, step_json},
    transactions::{Id, Seen, Step, Transactions},
    updates,
};
use crate::{history::Kind, order::sort_by_number};
use dependencies::Dependencies;
use serde_json::json;
use std::mem;
use versions::Versions;
use writers::{POSSIBLE, Writers, writers};

/// Everything that a history shows without real time; an error is the reason why Elle gives no verdict.
pub(super) fn analyze(transactions: &Transactions) -> Result<Analysis<'_>, String> {
    appended_twice(transactions)?;
    let mut anomalies = Anomalies::default();
    aborted_reads(transactions, &mut anomalies);
    intermediate_reads(transactions, &mut anomalies);
    internal::check(transactions, &mut anomalies);
    dirty_updates(transactions, &mut anomalies)?;
    duplicates(transactions, &mut anomalies);
    let versions = Versions::new(transactions, POSSIBLE);
    versions.incompatible(transactions, POSSIBLE, &mut anomalies);
    updates::lost(transactions, &mut anomalies);
    let dependencies = Dependencies::new(transactions, versions);
    Ok(Analysis { anomalies, graph: dependencies.graph(), explainer: Box::new(dependencies) })
}

/// The element that two transactions were to append to the same list. Nobody can tell which of them a read shows.
fn appended_twice(transactions: &Transactions) -> Result<(), String> {
    let mut writers = Writers::default();
    for place in transactions.of_kinds(&[Kind::Invoke]) {
        let entry = &transactions.entries[place];
        for step in &entry.steps {
            let Step::Write { key, value } = step else { continue };
            if let Some(first) = writers.insert(*key, *value, entry.index) {
                let (key, value, second) = (transactions.name(*key), transactions.name(*value), entry.index);
                return Err(format!("entries {first} and {second} both append {value} to key {key}"));
            }
        }
    }
    Ok(())
}

/// Reads of an element whose transaction failed (`G1a`).
fn aborted_reads(transactions: &Transactions, anomalies: &mut Anomalies) {
    let failed = writers(transactions, &[Kind::Fail]);
    if failed.is_empty() {
        return;
    }
    for place in transactions.of_kinds(&[Kind::Ok]) {
        let entry = &transactions.entries[place];
        for step in &entry.steps {
            let Step::Read { key, values } = step else { continue };
            for element in values.elements() {
                let Some(writer) = failed.get(*key, *element) else { continue };
                anomalies.push("G1a", || {
                    let explanation = format!(
                        "{} read element {} of key {}, but that element was appended by {}, which failed (aborted read)",
                        transactions.label(place),
                        transactions.name(*element),
                        transactions.name(*key),
                        transactions.label(writer),
                    );
                    wrong_read(transactions, place, step, writer, explanation)
                });
            }
        }
    }
}

/// Reads that end in an element after which its own transaction appended more (`G1b`).
fn intermediate_reads(transactions: &Transactions, anomalies: &mut Anomalies) {
    let intermediate = updates::intermediate(transactions);
    for place in transactions.of_kinds(&[Kind::Ok]) {
        let entry = &transactions.entries[place];
        for step in &entry.steps {
            let Step::Read { key, values } = step else { continue };
            let Some(last) = values.elements().last() else { continue };
            let Some(writer) = intermediate.get(*key, *last).filter(|writer| *writer != place) else { continue };
            anomalies.push("G1b", || {
                let explanation = format!(
                    "{} read key {} ending in {}, an intermediate state: {} appended more to that key afterwards \
                     (intermediate read)",
                    transactions.label(place),
                    transactions.name(*key),
                    transactions.name(*last),
                    transactions.label(writer),
                );
                wrong_read(transactions, place, step, writer, explanation)
            });
        }
    }
}

fn wrong_read(transactions: &Transactions, reader: usize, step: &Step, writer: usize, explanation: String) -> Anomaly {
    let [read, written] = [reader, writer].map(|place| &transactions.entries[place]);
    let detail = json!({
        "op": entry_json(transactions, read),
        "mop": step_json(transactions, step),
        "writer": entry_json(transactions, written),
    });
    Anomaly::new([read.index, written.index], explanation, detail)
}

/// Commits on top of an append whose transaction failed (`dirty-update`).
///
/// Elle asserts that each element of the version order was appended, and gives up where one was not.
fn dirty_updates(transactions: &Transactions, anomalies: &mut Anomalies) -> Result<(), String> {
    let writers = writers(transactions, &[Kind::Ok, Kind::Info, Kind::Fail]);
    for (key, order) in Versions::new(transactions, &[Kind::Invoke, Kind::Ok, Kind::Info, Kind::Fail]).orders() {
        // The last transaction that counts, and the elements since; at first the initial state, which is committed.
        let (mut before, mut span): (Option<usize>, Vec<Id>) = (None, Vec::new());
        for element in order {
            span.push(*element);
            let Some(writer) = writers.get(key, *element) else {
                return Err(unappended(transactions, key, *element));
            };
            let kind_before = before.map_or(Kind::Ok, |before| transactions.entries[before].kind);
            match (kind_before, transactions.entries[writer].kind) {
                (_, Kind::Info) | (Kind::Fail, Kind::Fail) => continue,
                (Kind::Fail, Kind::Ok) => anomalies
                    .push("dirty-update", || dirty_update(transactions, key, &span, before.unwrap_or(writer), writer)),
                _ => {}
            }
            (before, span) = (Some(writer), vec![*element]);
        }
    }
    Ok(())
}

fn unappended(transactions: &Transactions, key: Id, element: Id) -> String {
    format!(
        "no transaction that ended appended element {} to key {}, and yet it is in the version order of the key",
        transactions.name(element),
        transactions.name(key)
    )
}

fn dirty_update(transactions: &Transactions, key: Id, span: &[Id], failed: usize, writer: usize) -> Anomaly {
    let [first, second] = [failed, writer].map(|place| &transactions.entries[place]);
    let last = span.last().map_or_else(String::new, |element| transactions.name(*element).to_string());
    let explanation = format!(
        "on key {}, {} committed an append of {last} on top of state left by {}, which failed (dirty update)",
        transactions.name(key),
        transactions.label(writer),
        transactions.label(failed),
    );
    let txns = json!([entry_json(transactions, first), "...", entry_json(transactions, second)]);
    let detail = json!({
        "key": crate::json::value(transactions.name(key)),
        "values": crate::json::value(&transactions.list(span)),
        "txns": txns,
    });
    Anomaly::new([first.index, second.index], explanation, detail)
}

/// Reads that hold an element more than once.
fn duplicates(transactions: &Transactions, anomalies: &mut Anomalies) {
    // The last read that holds each element.
    let (mut holders, mut read) = (vec![0; transactions.id_count()], 0);
    for place in transactions.of_kinds(POSSIBLE) {
        let entry = &transactions.entries[place];
        for step in &entry.steps {
            let Step::Read { values, .. } = step else { continue };
            let elements = values.elements();
            read += 1;
            if elements.iter().all(|element| mem::replace(&mut holders[*element as usize], read) != read) {
                continue;
            }
            anomalies.push("duplicate-elements", || {
                let explanation = format!(
                    "{} read {}, which contains duplicates even though every append is unique",
                    transactions.label(place),
                    transactions.list(elements)
                );
                let mut distinct = elements.to_vec();
                sort_by_number(&mut distinct, |element| u64::from(*element));
                distinct.dedup();
                let twice = distinct.iter().filter_map(|element| {
                    let count = elements.iter().filter(|other| *other == element).count();
                    (count > 1).then(|| json!([crate::json::value(transactions.name(*element)), count]))
                });
                let detail = json!({
                    "op": entry_json(transactions, entry),
                    "mop": step_json(transactions, step),
                    "duplicates": twice.collect::<Vec<_>>(),
                });
                Anomaly::new([entry.index], explanation, detail)
            });
        }
    }
}
