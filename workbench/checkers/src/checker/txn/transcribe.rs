//! Histories of transactions: as the findings beside the verdict need them, and as `adya` reads them.

use super::Objects;
use crate::history::{History, Kind, Op, Process};
use adya::history::{Id, Interner, Mop, OpType, ReadValue, Scalar};
use glomers_json::Json;
use indexmap::{IndexMap, IndexSet};
use std::time::Duration;

/// An entry of a history.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) time: Duration,
    pub(super) kind: Kind,
    pub(super) process: u64,
    pub(super) steps: Vec<Step>,
}

/// A step of a transaction.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Saw these values under a key: the elements of a list, or a register's one; nothing at first.
    Read { key: Json, values: Vec<Json> },
    /// Appended or set this value.
    Write { key: Json, value: Json },
}

/// The transactions of a history.
pub(super) struct Transactions {
    pub(super) entries: Vec<Entry>,
    pub(super) objects: Objects,
}

impl Transactions {
    /// Reads the transactions of clients; an error says what is no transaction.
    pub(super) fn new(history: &History, objects: Objects) -> Result<Self, String> {
        let is_transaction = |op: &&Op| op.f == "txn" && op.process != Process::Nemesis;
        let entries =
            history.ops().iter().filter(is_transaction).map(|op| entry(op, objects)).collect::<Result<_, _>>();
        Ok(Self { entries: entries?, objects })
    }

    /// Says which value was written twice, if any was: then nobody can tell who wrote what was read.
    pub(super) fn written_twice(&self) -> Option<String> {
        let mut writers: IndexMap<(&Json, &Json), usize> = IndexMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind == Kind::Invoke) {
            for step in &entry.steps {
                let Step::Write { key, value } = step else { continue };
                if let Some(first) = writers.insert((key, value), entry.index) {
                    let second = entry.index;
                    return Some(format!("entries {first} and {second} both write {value} to key {key}"));
                }
            }
        }
        None
    }

    /// The transactions that begin and end within so many entries in a row, one such part after the other.
    pub(super) fn windows(&self, size: usize) -> Vec<Self> {
        let part = |entries: &[Entry]| {
            let mut begun = IndexSet::new();
            let is_whole = |entry: &&Entry| match entry.kind {
                Kind::Invoke => begun.insert(entry.process),
                _ => begun.swap_remove(&entry.process),
            };
            Self { entries: entries.iter().filter(is_whole).cloned().collect(), objects: self.objects }
        };
        self.entries.chunks(size).map(part).collect()
    }

    /// The history as `adya` reads it.
    pub(super) fn transcribe(&self) -> adya::History {
        let mut scalars = Scalars::default();
        let ops = self.entries.iter().map(|entry| adya::history::Op {
            index: entry.index as u64,
            kind: match entry.kind {
                Kind::Invoke => OpType::Invoke,
                Kind::Ok => OpType::Ok,
                Kind::Fail => OpType::Fail,
                Kind::Info => OpType::Info,
            },
            process: i64::try_from(entry.process).ok(),
            value: entry.steps.iter().map(|step| self.mop(step, &mut scalars)).collect(),
            time: i64::try_from(entry.time.as_nanos()).ok(),
        });
        let ops = ops.collect();
        adya::History::from_ops(ops, scalars.interner)
    }

    fn mop<'a>(&self, step: &'a Step, scalars: &mut Scalars<'a>) -> Mop {
        let mut id = |value: &'a Json| scalars.id(value);
        match (step, self.objects) {
            (Step::Write { key, value }, Objects::Lists) => Mop::Append { key: id(key), value: id(value) },
            (Step::Write { key, value }, Objects::Registers) => Mop::Write { key: id(key), value: id(value) },
            (Step::Read { key, values }, objects) => {
                let key = id(key);
                let value = match (objects, values.as_slice()) {
                    (_, []) => ReadValue::Nil,
                    (Objects::Lists, elements) => ReadValue::List(elements.iter().map(id).collect()),
                    (Objects::Registers, [value, ..]) => ReadValue::Scalar(id(value)),
                };
                Mop::Read { key, value }
            }
        }
    }
}

/// Keys and elements as adya knows them: integers and strings as they are; other JSON, which it does not know, as a
/// text, the same for equal values and marked, so that it is no string of a client.
#[derive(Default)]
struct Scalars<'a> {
    interner: Interner,
    others: IndexSet<&'a Json>,
}

impl<'a> Scalars<'a> {
    fn id(&mut self, value: &'a Json) -> Id {
        let scalar = if let Ok(integer) = value.decode() {
            Scalar::Int(integer)
        } else if let Ok(string) = value.decode() {
            Scalar::Str(string)
        } else {
            let (place, _) = self.others.insert_full(value);
            Scalar::Str(format!("JSON {}", self.others[place]))
        };
        self.interner.intern(scalar)
    }
}

fn entry(op: &Op, objects: Objects) -> Result<Entry, String> {
    let malformed = || format!("entry {} is no transaction: {}", op.index, op.value);
    let Process::Client(process) = op.process else { return Err(malformed()) };
    let steps: Vec<(String, Json, Json)> = op.value.decode().map_err(|_| malformed())?;
    let steps = steps.into_iter().map(|(f, key, value)| step(&f, key, value, objects)).collect::<Option<_>>();
    Ok(Entry { index: op.index, time: op.time, kind: op.kind, process, steps: steps.ok_or_else(malformed)? })
}

fn step(f: &str, key: Json, value: Json, objects: Objects) -> Option<Step> {
    match (f, objects) {
        ("r", _) if value.is_null() => Some(Step::Read { key, values: Vec::new() }),
        ("r", Objects::Lists) => Some(Step::Read { key, values: value.decode().ok()? }),
        ("r", Objects::Registers) => Some(Step::Read { key, values: vec![value] }),
        ("append", Objects::Lists) | ("w", Objects::Registers) => Some(Step::Write { key, value }),
        _ => None,
    }
}
