//! Messages that do not follow one another: within an operation, and from one operation of a client to the next.
//!
//! A *skip* leaves out messages of the log; a *nonmonotonic* pair goes back in it, or stays on the spot.

use super::{
    anomalies::{By, Evidence, Found, Skip, condensed},
    entries::{Entries, Entry, Key, Message, Pairs},
    version_order::VersionOrder,
};
use crate::{
    history::{Clients, Kind},
    order::{signed, sort_by_number},
};

/// The number of each kind that is kept: the longest.
const SHOWN: usize = 8;

/// The part of an operation that is looked at: its reads or its sends.
type Batch = for<'e, 'a> fn(&'e Entry<'a>) -> &'e [(Key, Pairs)];

/// Two messages in a row, in numbers.
struct Pair {
    key: Key,
    from: Message,
    to: Message,
    delta: i64,
    /// The places of the operations.
    by: [usize; 2],
}

/// The pairs that do not follow one another.
#[derive(Default)]
pub(super) struct Skips {
    skips: Vec<Pair>,
    nonmonotonic: Vec<Pair>,
}

impl Skips {
    fn compare(&mut self, order: &VersionOrder, key: Key, [from, to]: [Message; 2], by: [usize; 2]) {
        let delta = order.delta(from, to);
        let pair = Pair { key, from, to, delta, by };
        match delta {
            ..=0 => self.nonmonotonic.push(pair),
            1 => {}
            2.. => self.skips.push(pair),
        }
    }

    /// The skips and the nonmonotonic pairs, each with its operations.
    pub(super) fn condensed(mut self, entries: &Entries<'_>, orders: &[VersionOrder]) -> (Found<Skip>, Found<Skip>) {
        let counts = [self.skips.len(), self.nonmonotonic.len()];
        for pairs in [&mut self.skips, &mut self.nonmonotonic] {
            sort_by_number(pairs, |pair| signed(pair.delta));
        }
        let longest = self.skips.split_off(counts[0].saturating_sub(SHOWN));
        self.nonmonotonic.truncate(SHOWN);
        let all = |pairs: Vec<Pair>| pairs.iter().map(|pair| pair.condensed(entries, &orders[pair.key])).collect();
        (Found { count: counts[0], errs: all(longest) }, Found { count: counts[1], errs: all(self.nonmonotonic) })
    }
}

impl Pair {
    fn condensed(&self, entries: &Entries<'_>, order: &VersionOrder) -> Skip {
        let value = |message: Message| condensed(entries.value(self.key, message));
        let evidence = |place, message| Evidence::new(entries, place, self.key, message);
        let [first, second] = self.by;
        Skip {
            key: entries.name(self.key),
            values: [value(self.from), value(self.to)],
            delta: self.delta,
            skipped: order.between(self.from, self.to).iter().map(|message| value(*message)).collect(),
            by: if first == second {
                By::Op(evidence(first, self.to))
            } else {
                By::Ops([evidence(first, self.from), evidence(second, self.to)])
            },
        }
    }
}

/// Within each operation, its polls or its sends in a row.
pub(super) fn internal(entries: &Entries<'_>, orders: &[VersionOrder], batch: Batch) -> Skips {
    let mut skips = Skips::default();
    for (place, entry) in entries.list.iter().enumerate().filter(|(_, entry)| entry.is_completion()) {
        for (key, pairs) in batch(entry) {
            for pair in pairs.windows(2) {
                skips.compare(&orders[*key], *key, [pair[0].1, pair[1].1], [place, place]);
            }
        }
    }
    skips
}

/// The log that a client was in last: the place of the operation, and the last message it had there.
type Last = Vec<(Key, usize, Option<Message>)>;

/// From one successful poll of a client to its next of the same log, as long as it is not assigned other logs.
///
/// A poll that says there is nothing ends the row: what follows it follows nothing that is known. A poll that did not
/// succeed is compared to the one before it, and the next one is not compared to it.
pub(super) fn polls(entries: &Entries<'_>, orders: &[VersionOrder]) -> Skips {
    external(entries, orders, |entry| &entry.reads, |_| true, |kind| kind == Kind::Ok)
}

/// From one send of a client to its next to the same log. Those that may have happened count, too.
pub(super) fn sends(entries: &Entries<'_>, orders: &[VersionOrder]) -> Skips {
    let counts = |kind| matches!(kind, Kind::Ok | Kind::Info);
    external(entries, orders, |entry| &entry.sends, counts, counts)
}

fn external(
    entries: &Entries<'_>,
    orders: &[VersionOrder],
    batch: Batch,
    is_compared: impl Fn(Kind) -> bool,
    is_kept: impl Fn(Kind) -> bool,
) -> Skips {
    let mut skips = Skips::default();
    let mut clients = Clients::<Last>::default();
    for (place, entry) in entries.list.iter().enumerate() {
        let last = clients.of(entry.op.process);
        // An assignment that may have happened is taken for one that has.
        if let Some(assigned) = entry.assigned.as_ref().filter(|_| matches!(entry.op.kind, Kind::Ok | Kind::Info)) {
            last.retain(|(key, ..)| assigned.contains(key));
        }
        for (key, pairs) in batch(entry).iter().filter(|_| is_compared(entry.op.kind)) {
            let known = last.iter().position(|(other, ..)| other == key);
            if let (Some(known), Some((_, to))) = (known, pairs.first())
                && let (_, before, Some(from)) = last[known]
            {
                skips.compare(&orders[*key], *key, [from, *to], [before, place]);
            }
            if is_kept(entry.op.kind) {
                let now = (*key, place, pairs.last().map(|(_, message)| *message));
                match known {
                    Some(known) => last[known] = now,
                    None => last.push(now),
                }
            }
        }
    }
    skips
}
