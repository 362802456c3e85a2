//! Anomalies that Elle cannot see.
//!
//! - `unwritten-read`: a value that was read although no transaction ever tried to write it. Elle ignores such a read.
//! - `unseen-write`: an acknowledged write that no later transaction saw, although later ones read the key. The lists
//!   they saw lack the element; the registers held nothing, or an earlier value.
//! - `disagreement`: a key for which two clients last saw different values after the last write had ended. Their nodes
//!   never agreed.
//!
//! If the consistency models say nothing about real time, "later" means long after the network has healed.

use super::transactions::{Entry, Id, Objects, Seen, Step, Transactions};
use crate::{
    checker::{rounding, strict::agreement::Agreement},
    finding::Finding,
    history::{Clients, Kind, Process},
    order::sort_by_number,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::time::Duration;

/// A committed read from outside: of a key that the transaction has not written itself before.
struct Read<'a> {
    entry: &'a Entry,
    /// The index at which its transaction began, and the time.
    begin: usize,
    begin_time: Duration,
    values: &'a [Id],
}

/// A write that its transaction leaves behind.
struct Write<'a> {
    entry: &'a Entry,
    begin: usize,
    value: Id,
}

/// The reads and writes of one key.
#[derive(Default)]
struct Key<'a> {
    reads: Vec<Read<'a>>,
    /// By committed transactions; of a register, the last of each transaction.
    writes: Vec<Write<'a>>,
    /// The index at which each value was first written, or was to be.
    attempts: IndexMap<Id, usize, FixedState>,
    /// The index at which the last transaction that may have written it ended, and the time.
    last_write_end: (usize, Duration),
}

pub(super) fn strict_findings(transactions: &Transactions, agreement: &Agreement) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, key) in &by_key(transactions) {
        let look = Look { transactions, key: *id, history: key, agreement };
        findings.extend(look.unwritten());
        findings.extend(look.unseen());
        findings.extend(look.disagreement());
    }
    sort_by_number(&mut findings, |finding| finding.entries.first().map_or(0, |entry| *entry as u64 + 1));
    findings
}

fn by_key(transactions: &Transactions) -> IndexMap<Id, Key<'_>, FixedState> {
    let mut keys: IndexMap<Id, Key<'_>, FixedState> = IndexMap::default();
    let mut begun = Clients::<Option<&Entry>>::default();
    let mut own: Vec<(Id, usize)> = Vec::new();
    for entry in &transactions.entries {
        let begun = begun.of(Process::Client(entry.process));
        if entry.kind == Kind::Invoke {
            *begun = Some(entry);
        }
        let begun = begun.unwrap_or(entry);
        let (begin, begin_time) = (begun.index, begun.time);
        own.clear();
        for step in &entry.steps {
            match step {
                Step::Read { key, values } if entry.kind == Kind::Ok && !own.iter().any(|(name, _)| name == key) => {
                    let values = values.elements();
                    keys.entry(*key).or_default().reads.push(Read { entry, begin, begin_time, values });
                }
                Step::Read { .. } => {}
                Step::Write { key, value } => {
                    let write = Write { entry, begin, value: *value };
                    keys.entry(*key).or_default().write(write, transactions.objects, &mut own, *key);
                }
            }
        }
    }
    keys
}

impl<'a> Key<'a> {
    fn write(&mut self, write: Write<'a>, objects: Objects, own: &mut Vec<(Id, usize)>, key: Id) {
        self.attempts.entry(write.value).or_insert(write.begin);
        self.last_write_end = self.last_write_end.max((write.entry.index, write.entry.time));
        let before = own.iter().find(|(name, _)| *name == key).map(|(_, place)| *place);
        own.push((key, self.writes.len()));
        if write.entry.kind != Kind::Ok {
            return;
        }
        match before {
            Some(place) if objects == Objects::Registers => {
                self.writes[place] = write;
                own.pop();
            }
            _ => self.writes.push(write),
        }
    }
}

/// A look at the history of one key.
struct Look<'a> {
    transactions: &'a Transactions,
    key: Id,
    history: &'a Key<'a>,
    agreement: &'a Agreement,
}

impl<'a> Look<'a> {
    fn unwritten(&self) -> Vec<Finding> {
        // The last list without a strange value: most lists begin with it.
        let mut known: &'a [Id] = &[];
        let describe = |read: &Read<'a>| {
            let begin = if read.values.starts_with(known) { known.len() } else { 0 };
            let Some(strange) = read.values[begin..].iter().find(|value| !self.history.attempts.contains_key(*value))
            else {
                known = read.values;
                return None;
            };
            let (value, reader) = (self.transactions.name(*strange), read.entry.index);
            let written = self.history.attempts.keys().map(|id| self.transactions.name(*id));
            let hint = rounding::hint(value, written);
            let explanation = format!("T{reader} read {value} at key {}, which nobody wrote{hint}", self.name());
            Some(Finding::strict("unwritten-read", [reader], explanation))
        };
        self.history.reads.iter().filter_map(describe).collect()
    }

    fn unseen(&self) -> Vec<Finding> {
        let mut unseen = Vec::new();
        for write in &self.history.writes {
            let is_later = |read: &&Read<'_>| {
                read.begin > write.entry.index && self.agreement.covers(write.entry.time, read.begin_time)
            };
            let mut later = self.history.reads.iter().filter(is_later).peekable();
            let Some(first) = later.peek().map(|read| read.entry.index) else { continue };
            if later.all(|read| self.misses(read, write)) {
                let (writer, value) = (write.entry.index, self.transactions.name(write.value));
                let key = self.name();
                let explanation =
                    format!("T{writer} wrote {value} to key {key}, and no later read, from T{first} on, saw it");
                unseen.push(Finding::strict("unseen-write", [writer, first], explanation));
            }
        }
        unseen
    }

    /// Tells whether a read that began after a write had ended shows a state before it.
    fn misses(&self, read: &Read<'_>, write: &Write<'_>) -> bool {
        match self.transactions.objects {
            Objects::Lists => !read.values.contains(&write.value),
            // A value that was first written before this write began may yet have been set after it, if its own
            // transaction was still going on. So only values of transactions that had ended by then count as older.
            Objects::Registers => read.values.iter().all(|value| self.ended_before(*value, write.begin)),
        }
    }

    fn ended_before(&self, value: Id, begin: usize) -> bool {
        self.history.writes.iter().any(|write| write.value == value && write.entry.index < begin)
    }

    fn disagreement(&self) -> Option<Finding> {
        let mut places = Clients::<Option<usize>>::default();
        let mut last: Vec<&Read<'_>> = Vec::new();
        let (index, time) = self.history.last_write_end;
        let is_later = |read: &&Read<'_>| read.begin > index && self.agreement.covers(time, read.begin_time);
        for read in self.history.reads.iter().filter(is_later) {
            match places.of(Process::Client(read.entry.process)) {
                Some(place) => last[*place] = read,
                place => {
                    *place = Some(last.len());
                    last.push(read);
                }
            }
        }
        let one = last.first()?;
        let other = last.iter().find(|read| read.values != one.values)?;
        let saw =
            |read: &Read<'_>| format!("client {} last saw {}", read.entry.process, self.transactions.list(read.values));
        let explanation = format!("after the last write to key {}, {} and {}", self.name(), saw(one), saw(other));
        Some(Finding::strict("disagreement", [one.entry.index, other.entry.index], explanation))
    }

    fn name(&self) -> &glomers_json::Json {
        self.transactions.name(self.key)
    }
}
