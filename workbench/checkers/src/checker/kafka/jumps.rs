//! Messages that do not follow one another: within an operation, and from one operation of a client to the next.

use super::{
    entries::{Entries, Entry, Key, Message, Pairs},
    findings::{By, Found, Jump, Witness, shown},
    logs::Log,
};
use crate::history::{Kind, Process};
use std::collections::BTreeMap;

/// How many of each kind are shown: the longest.
const SHOWN: usize = 8;

/// What of an operation is looked at.
type Batch = for<'e, 'a> fn(&'e Entry<'a>) -> &'e [(Key, Pairs)];

/// A jump in numbers.
struct Leap {
    key: Key,
    from: Message,
    to: Message,
    delta: i64,
    /// The places of the operations.
    by: [usize; 2],
}

/// Jumps ahead, and jumps back or on the spot.
#[derive(Default)]
pub(super) struct Jumps {
    ahead: Vec<Leap>,
    back: Vec<Leap>,
}

impl Jumps {
    fn look(&mut self, log: &Log, key: Key, [from, to]: [Message; 2], by: [usize; 2]) {
        let delta = log.delta(from, to);
        let jump = Leap { key, from, to, delta, by };
        match delta {
            ..=0 => self.back.push(jump),
            1 => {}
            2.. => self.ahead.push(jump),
        }
    }

    /// The skips and the nonmonotonic ones.
    pub(super) fn shown(mut self, entries: &Entries<'_>, logs: &[Log]) -> (Found<Jump>, Found<Jump>) {
        let counts = [self.ahead.len(), self.back.len()];
        self.ahead.sort_by_key(|jump| jump.delta);
        self.back.sort_by_key(|jump| jump.delta);
        let longest = self.ahead.split_off(counts[0].saturating_sub(SHOWN));
        self.back.truncate(SHOWN);
        let all = |jumps: Vec<Leap>| jumps.iter().map(|jump| jump.shown(entries, &logs[jump.key])).collect();
        (Found { count: counts[0], errs: all(longest) }, Found { count: counts[1], errs: all(self.back) })
    }
}

impl Leap {
    fn shown(&self, entries: &Entries<'_>, log: &Log) -> Jump {
        let value = |message: Message| shown(entries.value(self.key, message));
        let witness = |place, message| Witness::new(entries, place, self.key, message);
        let [first, second] = self.by;
        Jump {
            key: entries.name(self.key),
            values: [value(self.from), value(self.to)],
            delta: self.delta,
            skipped: log.between(self.from, self.to).iter().map(|message| value(*message)).collect(),
            by: if first == second {
                By::Op(witness(first, self.to))
            } else {
                By::Ops([witness(first, self.from), witness(second, self.to)])
            },
        }
    }
}

/// Within each operation, what it polls or what it sends in a row.
pub(super) fn internal(entries: &Entries<'_>, logs: &[Log], batch: Batch) -> Jumps {
    let mut jumps = Jumps::default();
    for (place, entry) in entries.list.iter().enumerate().filter(|(_, entry)| entry.is_completion()) {
        for (key, pairs) in batch(entry) {
            for pair in pairs.windows(2) {
                jumps.look(&logs[*key], *key, [pair[0].1, pair[1].1], [place, place]);
            }
        }
    }
    jumps
}

/// Which log a client was in last: the place of the operation, and the last message it had there.
type Last = BTreeMap<Key, (usize, Option<Message>)>;

/// From one successful poll of a client to its next of the same log, as long as it is not assigned other logs.
///
/// A poll that says there is nothing ends the row: what follows it follows nothing that is known.
pub(super) fn polls(entries: &Entries<'_>, logs: &[Log]) -> Jumps {
    external(entries, logs, |entry| &entry.reads, |kind| kind == Kind::Ok)
}

/// From one send of a client to its next to the same log. Those that may have happened count, too.
pub(super) fn sends(entries: &Entries<'_>, logs: &[Log]) -> Jumps {
    external(entries, logs, |entry| &entry.sends, |kind| matches!(kind, Kind::Ok | Kind::Info))
}

fn external(entries: &Entries<'_>, logs: &[Log], batch: Batch, counts: impl Fn(Kind) -> bool) -> Jumps {
    let mut jumps = Jumps::default();
    let mut clients: BTreeMap<Process, Last> = BTreeMap::new();
    for (place, entry) in entries.list.iter().enumerate() {
        let last = clients.entry(entry.op.process).or_default();
        // One that may have happened is taken for one that has.
        if let Some(assigned) = entry.assigned.as_ref().filter(|_| matches!(entry.op.kind, Kind::Ok | Kind::Info)) {
            last.retain(|key, _| assigned.contains(key));
        }
        for (key, pairs) in batch(entry).iter().filter(|_| counts(entry.op.kind)) {
            if let (Some((before, Some(from))), Some((_, to))) = (last.get(key), pairs.first()) {
                jumps.look(&logs[*key], *key, [*from, *to], [*before, place]);
            }
            last.insert(*key, (place, pairs.last().map(|(_, message)| *message)));
        }
    }
    jumps
}
