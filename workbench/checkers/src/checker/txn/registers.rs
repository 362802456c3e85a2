//! Transactions that set registers to unique values, and read them (elle: `rw_register.clj`, as Maelstrom calls it:
//! with `:wfr-keys?`).
//!
//! The order of a register's values is known only in part: `nil` comes first, and a transaction that reads one value
//! and writes another puts them in that order. Only committed transactions are in the graph.

mod dependencies;
mod externals;
mod internal;
mod versions;

use super::{
    anomalies::{Analysis, Anomalies, Anomaly, entry_json, step_json},
    by_id::PlaceOf,
    names::Names,
    transactions::{Id, NIL, Seen, Step, Transactions},
    updates,
};
use crate::history::Kind;
use dependencies::Dependencies;
use externals::Externals;
use serde_json::json;
use versions::Versions;

/// Everything that a history shows without real time; an error is the reason why Elle gives no verdict.
///
/// With `linearizable_keys`, the values of each register are put in the order of real time as well, for which Maelstrom
/// does not ask Elle.
pub(super) fn analyze(transactions: &Transactions, linearizable_keys: bool) -> Result<Analysis<'_>, String> {
    same_kind_of_keys(transactions)?;
    let mut anomalies = Anomalies::default();
    internal::check(transactions, &mut anomalies);
    wrong_reads(transactions, &mut anomalies);
    updates::lost(transactions, &mut anomalies);
    let externals: Vec<Externals> = transactions.entries.iter().map(|entry| Externals::new(&entry.steps)).collect();
    let versions = Versions::new(transactions, &externals, linearizable_keys, &mut anomalies)?;
    let dependencies = Dependencies::new(transactions, externals, versions);
    let graph = dependencies.graph()?;
    Ok(Analysis { anomalies, graph, explainer: Box::new(dependencies) })
}

/// Elle refuses keys of different types, which Clojure would not find equal.
fn same_kind_of_keys(transactions: &Transactions) -> Result<(), String> {
    let kind = |key: Id| match transactions.name(key).as_str().as_bytes()[0] {
        b'"' => "string",
        b'[' => "list",
        b'{' => "map",
        b'n' => "null",
        b't' | b'f' => "boolean",
        _ if transactions.name(key).decode::<i64>().is_ok() => "integer",
        _ => "number",
    };
    let keys = || transactions.entries.iter().flat_map(|entry| &entry.steps).map(Step::key);
    let kinds = keys().map(kind).collect::<Names>().into_vec();
    if kinds.len() > 1 {
        return Err(format!("transactions have keys of different types: {}", kinds.join(", ")));
    }
    Ok(())
}

/// Reads of values whose transaction failed (`G1a`) or overwrote them itself (`G1b`).
fn wrong_reads(transactions: &Transactions, anomalies: &mut Anomalies) {
    let mut failed = PlaceOf::default();
    for place in transactions.of_kinds(&[Kind::Fail]) {
        for step in &transactions.entries[place].steps {
            if let Step::Write { key, value } = step {
                failed.insert(*key, *value, place);
            }
        }
    }
    let intermediate = updates::intermediate(transactions);
    let kinds = [
        ("G1a", &failed, "written by", "which failed (aborted read)"),
        ("G1b", &intermediate, "which", "overwrote before committing (intermediate read)"),
    ];
    for place in transactions.of_kinds(&[Kind::Ok]) {
        for step in &transactions.entries[place].steps {
            let Step::Read { key, values } = step else { continue };
            for (kind, writers, by, fate) in kinds {
                let Some(writer) = writers.get(*key, values.value()) else { continue };
                if kind == "G1b" && writer == place {
                    continue;
                }
                anomalies.push(kind, || {
                    let comma = if kind == "G1a" { "," } else { "" };
                    let by = format!("{by} {}{comma} {fate}", transactions.label(writer));
                    wrong_read(transactions, place, step, writer, &by)
                });
            }
        }
    }
}

fn wrong_read(transactions: &Transactions, reader: usize, step: &Step, writer: usize, by: &str) -> Anomaly {
    let [read, written] = [reader, writer].map(|place| &transactions.entries[place]);
    let value = if let Step::Read { values, .. } = step { values.value() } else { NIL };
    let explanation = format!(
        "{} read {} = {}, {by}",
        transactions.label(reader),
        transactions.name(step.key()),
        transactions.name(value)
    );
    let detail = json!({
        "op": entry_json(transactions, read),
        "mop": step_json(transactions, step),
        "writer": entry_json(transactions, written),
    });
    Anomaly::new([read.index, written.index], explanation, detail)
}
