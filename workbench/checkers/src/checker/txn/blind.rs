//! What Elle cannot see.
//!
//! - `unwritten-read`: a value that was read though no transaction ever tried to write it. To Elle such a read is no
//!   evidence of anything.
//! - `unseen-write`: an acknowledged write of which no later transaction saw anything, though later ones read the key:
//!   the lists they saw lack the element; the registers held nothing, or what had been written before.
//! - `disagreement`: a key of which two clients, after the last write had ended, last saw different values: the nodes
//!   that they talk to never agreed.
//!
//! Where the consistency models say nothing of real time, later means long after the network has healed.

use super::{
    Objects,
    transcribe::{Entry, Step, Transactions},
};
use crate::{checker::strict::agreement::Agreement, finding::StrictFinding, history::Kind};
use glomers_json::Json;
use indexmap::IndexMap;
use std::time::Duration;

/// A committed read from outside: of a key that the transaction has not written itself before.
struct Read<'a> {
    entry: &'a Entry,
    /// The index at which its transaction began, and the time.
    begin: usize,
    begin_time: Duration,
    values: &'a [Json],
}

/// A write that its transaction leaves behind.
struct Write<'a> {
    entry: &'a Entry,
    begin: usize,
    value: &'a Json,
}

/// What happened to one key.
#[derive(Default)]
struct Key<'a> {
    reads: Vec<Read<'a>>,
    /// By committed transactions; of a register, the last of each transaction.
    writes: Vec<Write<'a>>,
    /// When each value was first written, or was to be.
    attempts: IndexMap<&'a Json, usize>,
    /// The index at which the last transaction that may have written it ended, and the time.
    last_write_end: (usize, Duration),
}

pub(super) fn strict_findings(transactions: &Transactions, agreement: &Agreement) -> Vec<StrictFinding> {
    let mut strict_findings = Vec::new();
    for (name, key) in &by_key(transactions) {
        strict_findings.extend(key.unwritten(name));
        strict_findings.extend(key.unseen(name, transactions.objects, agreement));
        strict_findings.extend(key.disagreement(name, agreement));
    }
    strict_findings.sort_by_key(|finding| finding.ops.first().copied());
    strict_findings
}

fn by_key(transactions: &Transactions) -> IndexMap<&Json, Key<'_>> {
    let mut keys: IndexMap<&Json, Key<'_>> = IndexMap::new();
    let mut begun: IndexMap<u64, &Entry> = IndexMap::new();
    for entry in &transactions.entries {
        if entry.kind == Kind::Invoke {
            begun.insert(entry.process, entry);
        }
        let begun = begun.get(&entry.process).copied().unwrap_or(entry);
        let (begin, begin_time) = (begun.index, begun.time);
        let mut own: Vec<(&Json, usize)> = Vec::new();
        for step in &entry.steps {
            match step {
                Step::Read { key, values } if entry.kind == Kind::Ok && !own.iter().any(|(name, _)| *name == key) => {
                    keys.entry(key).or_default().reads.push(Read { entry, begin, begin_time, values });
                }
                Step::Read { .. } => {}
                Step::Write { key, value } => {
                    let history = keys.entry(key).or_default();
                    history.write(Write { entry, begin, value }, transactions.objects, &mut own, key);
                }
            }
        }
    }
    keys
}

impl<'a> Key<'a> {
    fn write(&mut self, write: Write<'a>, objects: Objects, own: &mut Vec<(&'a Json, usize)>, key: &'a Json) {
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

    fn unwritten(&self, name: &Json) -> Vec<StrictFinding> {
        let strange = |read: &Read<'a>| read.values.iter().find(|value| !self.attempts.contains_key(value)).cloned();
        let describe = |read: &Read<'a>| {
            let (value, reader) = (strange(read)?, read.entry.index);
            let explanation = format!("T{reader} read {value} at key {name}, which nobody wrote");
            Some(StrictFinding::new("unwritten-read", [reader], explanation))
        };
        self.reads.iter().filter_map(describe).collect()
    }

    fn unseen(&self, name: &Json, objects: Objects, agreement: &Agreement) -> Vec<StrictFinding> {
        let mut unseen = Vec::new();
        for write in &self.writes {
            let is_later = |read: &&Read<'a>| {
                read.begin > write.entry.index && agreement.covers(write.entry.time, read.begin_time)
            };
            let mut later = self.reads.iter().filter(is_later).peekable();
            let Some(first) = later.peek().map(|read| read.entry.index) else { continue };
            if later.all(|read| self.misses(read, write, objects)) {
                let (writer, value) = (write.entry.index, write.value);
                let explanation =
                    format!("T{writer} wrote {value} to key {name}, and no later read, from T{first} on, saw it");
                unseen.push(StrictFinding::new("unseen-write", [writer, first], explanation));
            }
        }
        unseen
    }

    /// Whether a read that began after a write had ended shows a state before it.
    fn misses(&self, read: &Read<'a>, write: &Write<'a>, objects: Objects) -> bool {
        match objects {
            Objects::Lists => !read.values.contains(write.value),
            // A value that was first written before this write began may yet have been set after it, if its own
            // transaction was still going on. So only values of transactions that had ended by then count as older.
            Objects::Registers => read.values.iter().all(|value| self.ended_before(value, write.begin)),
        }
    }

    fn ended_before(&self, value: &Json, begin: usize) -> bool {
        self.writes.iter().any(|write| write.value == value && write.entry.index < begin)
    }

    fn disagreement(&self, name: &Json, agreement: &Agreement) -> Option<StrictFinding> {
        let mut last: IndexMap<u64, &Read<'a>> = IndexMap::new();
        let (index, time) = self.last_write_end;
        let is_later = |read: &&Read<'a>| read.begin > index && agreement.covers(time, read.begin_time);
        for read in self.reads.iter().filter(is_later) {
            last.insert(read.entry.process, read);
        }
        let (_, one) = last.first()?;
        let other = last.values().find(|read| read.values != one.values)?;
        let saw = |read: &Read<'a>| format!("client {} last saw {}", read.entry.process, Json::new(read.values));
        let explanation = format!("after the last write to key {name}, {} and {}", saw(one), saw(other));
        Some(StrictFinding::new("disagreement", [one.entry.index, other.entry.index], explanation))
    }
}
