//! The order of transactions in real time, and that of each client (elle: `core.clj`).

use super::{
    graph::Rels,
    transactions::{Entry, Transactions},
};
use crate::history::{Clients, Kind, Process};

/// Pairs of completions of which the first ended before the second began, without those that follow from others.
///
/// As in Elle, one that failed may be the second of a pair.
pub(super) fn realtime(transactions: &Transactions, link: &mut dyn FnMut(usize, usize)) {
    // Completed transactions that nothing later covers.
    let mut frontier: Vec<usize> = Vec::new();
    // Those that the running transaction of a client covers when it commits.
    let mut covered = Clients::<Vec<usize>>::default();
    for (place, entry) in transactions.entries.iter().enumerate() {
        match (entry.kind, entry.partner) {
            (Kind::Invoke, Some(completion)) => {
                frontier.iter().for_each(|before| link(*before, completion));
                if transactions.entries[completion].kind == Kind::Ok {
                    covered.of(client(entry)).clone_from(&frontier);
                }
            }
            (Kind::Ok, _) => {
                let covered = covered.of(client(entry));
                frontier.retain(|before| !covered.contains(before));
                covered.clear();
                frontier.push(place);
            }
            _ => {}
        }
    }
}

fn client(entry: &Entry) -> Process {
    Process::Client(entry.process)
}

/// Pairs of committed transactions that a client executed one after the other.
pub(super) fn process(transactions: &Transactions, link: &mut dyn FnMut(usize, usize)) {
    let mut last = Clients::<Option<usize>>::default();
    for place in transactions.of_kinds(&[Kind::Ok]) {
        if let Some(before) = last.of(client(&transactions.entries[place])).replace(place) {
            link(before, place);
        }
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
