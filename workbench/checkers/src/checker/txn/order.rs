//! The order of transactions in real time, and that of each client (elle: `core.clj`).

use super::{
    graph::{Builder, Rels},
    transactions::Transactions,
};
use crate::history::Kind;
use std::collections::BTreeMap;

/// Pairs of completions of which the first ended before the second began, without those that follow from others.
///
/// As in Elle, one that failed may be the second of a pair.
pub(super) fn realtime(transactions: &Transactions) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    // Completed transactions that nothing later covers.
    let mut frontier: Vec<usize> = Vec::new();
    let mut covered: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, entry) in transactions.entries.iter().enumerate() {
        match (entry.kind, entry.partner) {
            (Kind::Invoke, Some(completion)) => {
                pairs.extend(frontier.iter().map(|before| (*before, completion)));
                if transactions.entries[completion].kind == Kind::Ok {
                    covered.insert(completion, frontier.clone());
                }
            }
            (Kind::Ok, _) => {
                if let Some(covered) = covered.remove(&place) {
                    frontier.retain(|before| !covered.contains(before));
                }
                frontier.push(place);
            }
            _ => {}
        }
    }
    pairs
}

/// Pairs of committed transactions that a client executed one after the other.
pub(super) fn process(transactions: &Transactions) -> Vec<(usize, usize)> {
    let mut last: BTreeMap<u64, usize> = BTreeMap::new();
    let committed = transactions.of_kinds(&[Kind::Ok]);
    committed.filter_map(|place| Some((last.insert(transactions.entries[place].process, place)?, place))).collect()
}

/// Adds pairs to a graph.
pub(super) fn link(graph: &mut Builder, pairs: &[(usize, usize)], rel: Rels) {
    for (before, after) in pairs {
        graph.link(*before, *after, rel);
    }
}

/// The reason why a pair is in order.
pub(super) fn explain(transactions: &Transactions, from: usize, to: usize, rel: Rels) -> String {
    let (first, second) = (&transactions.entries[from], &transactions.entries[to]);
    let (first_label, second_label) = (transactions.label(from), transactions.label(to));
    if rel == Rels::PROCESS {
        return format!("process {} executed {first_label} before {second_label}", first.process);
    }
    let begun = second.partner.map_or(second, |place| &transactions.entries[place]);
    let gap = begun.time.saturating_sub(first.time);
    let gap = if gap.is_zero() { String::new() } else { format!(" {:.3} seconds", gap.as_secs_f64()) };
    format!(
        "{first_label} completed at index {},{gap} before the invocation of {second_label}, at index {}",
        first.index, begun.index
    )
}
