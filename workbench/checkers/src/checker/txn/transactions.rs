//! The transactions of a history, with keys and values as numbers.

use crate::{
    checker::steps::{Name, RawStep},
    history::{Clients, History, Kind, Op, Process},
};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::{IndexMap, IndexSet};
use serde_json::value::RawValue;
use std::{mem, time::Duration};

/// The objects that transactions work on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Objects {
    /// Lists: steps are `r` and `append`.
    Lists,
    /// Registers: steps are `r` and `w`.
    Registers,
}

/// A key or a value by its number: equal ones have the same.
pub(super) type Id = u32;

/// The number of `null`.
pub(super) const NIL: Id = 0;

/// An entry of a history.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) index: usize,
    pub(super) time: Duration,
    pub(super) kind: Kind,
    pub(super) process: u64,
    pub(super) steps: Box<[Step]>,
    /// The place among the entries at which its operation began or ended, if it did.
    pub(super) partner: Option<usize>,
}

/// A step of a transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Read a list or a register. `None` is `null`: unknown in an invocation, nothing in a completion.
    Read { key: Id, values: Option<Box<[Id]>> },
    /// Appended or set this value.
    Write { key: Id, value: Id },
}

impl Step {
    pub(super) fn key(&self) -> Id {
        match self {
            Self::Read { key, .. } | Self::Write { key, .. } => *key,
        }
    }
}

/// A value that was read.
pub(super) trait Seen {
    /// The elements of a list; none for `null`.
    fn elements(&self) -> &[Id];

    /// The value of a register.
    fn value(&self) -> Id;
}

impl Seen for Option<Box<[Id]>> {
    fn elements(&self) -> &[Id] {
        self.as_deref().unwrap_or_default()
    }

    fn value(&self) -> Id {
        self.elements().first().copied().unwrap_or(NIL)
    }
}

/// The transactions of a history.
#[derive(Clone, Debug)]
pub(super) struct Transactions {
    pub(super) entries: Vec<Entry>,
    pub(super) objects: Objects,
    names: IndexSet<Json, FixedState>,
}

/// The names of keys and values as they are read, and the longest list of each key so far.
struct Names {
    objects: Objects,
    names: IndexSet<Json, FixedState>,
    lists: IndexMap<Id, List, FixedState>,
}

/// A list that was read: its elements, and the text between its brackets.
#[derive(Default)]
struct List {
    text: String,
    elements: Vec<Id>,
}

impl Names {
    fn entry(&mut self, op: &Op) -> Result<Entry, String> {
        let malformed = || format!("entry {} is not a transaction: {}", op.index, op.value);
        let Process::Client(process) = op.process else { return Err(malformed()) };
        let steps: Vec<RawStep<'_>> = serde_json::from_str(op.value.as_str()).map_err(|_| malformed())?;
        let steps = steps.into_iter().map(|(Name(f), key, value)| self.step(&f, key, value)).collect::<Option<_>>();
        let steps = steps.ok_or_else(malformed)?;
        Ok(Entry { index: op.index, time: op.time, kind: op.kind, process, steps, partner: None })
    }

    fn step(&mut self, f: &str, key: &RawValue, value: &RawValue) -> Option<Step> {
        let key = self.id(key);
        match (f, self.objects) {
            ("r", _) if value.get() == "null" => Some(Step::Read { key, values: None }),
            ("r", Objects::Lists) => Some(Step::Read { key, values: Some(self.list(key, value.get())?) }),
            ("r", Objects::Registers) => Some(Step::Read { key, values: Some([self.id(value)].into()) }),
            ("append", Objects::Lists) | ("w", Objects::Registers) => Some(Step::Write { key, value: self.id(value) }),
            _ => None,
        }
    }

    fn id(&mut self, value: &RawValue) -> Id {
        Id::try_from(self.names.insert_full(Json::from(value)).0).expect("a history has fewer than 2^32 values")
    }

    /// The elements of a list of this key.
    fn list(&mut self, key: Id, text: &str) -> Option<Box<[Id]>> {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        let mut longest = self.lists.swap_remove(&key).unwrap_or_default();
        let elements = self.elements(inner, &mut longest);
        self.lists.insert(key, longest);
        elements
    }

    /// The elements of the list with this text. Mostly it begins with the longest one before, and only the rest is new.
    fn elements(&mut self, inner: &str, longest: &mut List) -> Option<Box<[Id]>> {
        let has_longest = !longest.text.is_empty();
        if has_longest && inner == longest.text {
            return Some(longest.elements.as_slice().into());
        }
        let rest = inner.strip_prefix(&*longest.text).filter(|_| has_longest).and_then(|rest| rest.strip_prefix(','));
        let text = format!("[{}]", rest.unwrap_or(inner));
        let more: Vec<&RawValue> = serde_json::from_str(&text).ok()?;
        let more = more.into_iter().map(|element| self.id(element));
        if rest.is_none() && inner.len() < longest.text.len() {
            return Some(more.collect());
        }
        if rest.is_none() {
            longest.elements.clear();
        }
        longest.elements.extend(more);
        inner.clone_into(&mut longest.text);
        Some(longest.elements.as_slice().into())
    }
}

impl Transactions {
    /// Reads the transactions of clients; an error says which entry is not a transaction.
    pub(super) fn new(history: &History, objects: Objects) -> Result<Self, String> {
        let mut names = Names { objects, names: IndexSet::from_iter([Json::null()]), lists: IndexMap::default() };
        let ops = history.ops().iter().filter(|op| op.f == "txn" && op.process != Process::Nemesis);
        let entries = ops.map(|op| names.entry(op)).collect::<Result<_, String>>()?;
        let mut transactions = Self { entries, objects, names: names.names };
        transactions.pair();
        Ok(transactions)
    }

    /// Joins each invocation to its completion.
    fn pair(&mut self) {
        let mut open = Clients::<Option<usize>>::default();
        for place in 0..self.entries.len() {
            let open = open.of(Process::Client(self.entries[place].process));
            if self.entries[place].kind == Kind::Invoke {
                *open = Some(place);
            } else if let Some(begun) = open.take() {
                self.entries[begun].partner = Some(place);
                self.entries[place].partner = Some(begun);
            }
        }
    }

    /// The value of a number.
    pub(super) fn name(&self, id: Id) -> &Json {
        &self.names[id as usize]
    }

    /// The number of different keys and values.
    pub(super) fn id_count(&self) -> usize {
        self.names.len()
    }

    /// A list of values as JSON.
    pub(super) fn list(&self, ids: &[Id]) -> Json {
        Json::new(&ids.iter().map(|id| self.name(*id)).collect::<Vec<_>>())
    }

    /// The value of a read as JSON.
    pub(super) fn seen(&self, values: &Option<Box<[Id]>>) -> Json {
        match (values, self.objects) {
            (None, _) => Json::null(),
            (Some(elements), Objects::Lists) => self.list(elements),
            (Some(_), Objects::Registers) => self.name(values.value()).clone(),
        }
    }

    /// A step as JSON.
    pub(super) fn show(&self, step: &Step) -> Json {
        let write = if self.objects == Objects::Lists { "append" } else { "w" };
        match step {
            Step::Read { key, values } => Json::new(&("r", self.name(*key), self.seen(values))),
            Step::Write { key, value } => Json::new(&(write, self.name(*key), self.name(*value))),
        }
    }

    /// The name of a transaction in explanations.
    pub(super) fn label(&self, place: usize) -> String {
        format!("T{}", self.entries[place].index)
    }

    /// The places of the entries of these kinds.
    pub(super) fn of_kinds<'a>(&'a self, kinds: &'a [Kind]) -> impl Iterator<Item = usize> + 'a {
        (0..self.entries.len()).filter(|place| kinds.contains(&self.entries[*place].kind))
    }

    /// The transactions that begin and end within so many entries in a row, one such part after the other.
    pub(super) fn windows(&self, size: usize) -> Vec<Self> {
        let part = |entries: &[Entry]| {
            let mut begun = Clients::<bool>::default();
            let is_whole = |entry: &&Entry| {
                let is_begin = entry.kind == Kind::Invoke;
                mem::replace(begun.of(Process::Client(entry.process)), is_begin) != is_begin
            };
            let entries = entries.iter().filter(is_whole).cloned().collect();
            let mut part = Self { entries, objects: self.objects, names: self.names.clone() };
            part.entries.iter_mut().for_each(|entry| entry.partner = None);
            part.pair();
            part
        };
        self.entries.chunks(size).map(part).collect()
    }
}
