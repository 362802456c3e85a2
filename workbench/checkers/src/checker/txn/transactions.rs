//! The transactions of a history, with keys and values as numbers.

use crate::{
    checker::steps::steps,
    history::{Clients, History, Kind, Op, Process},
};
use foldhash::fast::FixedState;
use glomers_json::{Json, elements};
use indexmap::{IndexMap, IndexSet};
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

    /// Tells whether the other step is this one, apart from what a read returned.
    fn is_answered_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Read { key, .. }, Self::Read { key: other, .. }) => key == other,
            _ => self == other,
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
    /// The number of each small number that is a key or a value. Zero stands for none.
    small: Vec<Id>,
    lists: IndexMap<Id, List, FixedState>,
}

/// The digits of a number that has a place in a table.
const SMALL_DIGITS: usize = 6;

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
        let raw = steps(op.value.as_str()).ok_or_else(malformed)?;
        let mut steps = Vec::with_capacity(raw.len());
        for (f, key, value) in raw {
            steps.push(self.step(&f, key, value).ok_or_else(malformed)?);
        }
        Ok(Entry { index: op.index, time: op.time, kind: op.kind, process, steps: steps.into(), partner: None })
    }

    fn step(&mut self, f: &str, key: &str, value: &str) -> Option<Step> {
        let key = self.id(key);
        match (f, self.objects) {
            ("r", _) if value == "null" => Some(Step::Read { key, values: None }),
            ("r", Objects::Lists) => Some(Step::Read { key, values: Some(self.list(key, value)?) }),
            ("r", Objects::Registers) => Some(Step::Read { key, values: Some([self.id(value)].into()) }),
            ("append", Objects::Lists) | ("w", Objects::Registers) => Some(Step::Write { key, value: self.id(value) }),
            _ => None,
        }
    }

    fn id(&mut self, text: &str) -> Id {
        let small = small(text);
        if let Some(id) = small.and_then(|number| self.small.get(number)).filter(|id| **id != NIL) {
            return *id;
        }
        let place = self.names.insert_full(Json::from_valid_text(text)).0;
        let id = Id::try_from(place).expect("a history has fewer than 2^32 values");
        if let Some(number) = small {
            if number >= self.small.len() {
                self.small.resize(number + 1, NIL);
            }
            self.small[number] = id;
        }
        id
    }

    /// The elements of a list of this key.
    fn list(&mut self, key: Id, text: &str) -> Option<Box<[Id]>> {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        let list = self.lists.entry(key);
        let place = list.index();
        let mut longest = mem::take(list.or_default());
        let elements = self.elements(inner, &mut longest);
        self.lists[place] = longest;
        elements
    }

    /// The numbers of the elements in a list, whose text is given without brackets.
    fn ids(&mut self, inner: &str) -> Option<Vec<Id>> {
        if !inner.is_empty() && inner.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b',')) {
            return Some(inner.split(',').map(|element| self.id(element)).collect());
        }
        let text = format!("[{inner}]");
        Some(elements(&text).ok()?.into_iter().map(|element| self.id(element.get())).collect())
    }

    /// The elements of the list with this text. Mostly it begins with the longest one before, and only the rest is new.
    fn elements(&mut self, inner: &str, longest: &mut List) -> Option<Box<[Id]>> {
        let has_longest = !longest.text.is_empty();
        if has_longest && inner == longest.text {
            return Some(longest.elements.as_slice().into());
        }
        let rest = inner.strip_prefix(&*longest.text).filter(|_| has_longest).and_then(|rest| rest.strip_prefix(','));
        let more = self.ids(rest.unwrap_or(inner))?;
        if rest.is_none() && inner.len() < longest.text.len() {
            return Some(more.into());
        }
        if rest.is_none() {
            longest.elements.clear();
        }
        longest.elements.extend(more);
        inner.clone_into(&mut longest.text);
        Some(longest.elements.as_slice().into())
    }
}

/// A small number that a text is.
fn small(text: &str) -> Option<usize> {
    let is_small = text.len() <= SMALL_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_small)
}

impl Transactions {
    /// Reads the transactions of clients; an error says which entry is not a transaction.
    pub(super) fn new(history: &History, objects: Objects) -> Result<Self, String> {
        let mut names = Names {
            objects,
            names: IndexSet::from_iter([Json::null()]),
            small: Vec::new(),
            lists: IndexMap::default(),
        };
        let ops = history.ops().iter().filter(|op| op.f == "txn" && op.process != Process::Nemesis);
        let mut entries = Vec::with_capacity(history.ops().len());
        for op in ops {
            entries.push(names.entry(op)?);
        }
        let mut transactions = Self { entries, objects, names: names.names };
        transactions.pair();
        Ok(transactions)
    }

    /// The invocations and completions of committed transactions that do not have the same steps, by their indices in the
    /// history.
    pub(super) fn unlike(&self) -> Vec<[usize; 2]> {
        let mut unlike = Vec::new();
        for begun in &self.entries {
            let Some(ended) = begun.partner.map(|place| &self.entries[place]) else { continue };
            let is_same = begun.steps.len() == ended.steps.len()
                && begun.steps.iter().zip(&ended.steps).all(|(asked, answered)| asked.is_answered_by(answered));
            if begun.kind == Kind::Invoke && ended.kind == Kind::Ok && !is_same {
                unlike.push([begun.index, ended.index]);
            }
        }
        unlike
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
