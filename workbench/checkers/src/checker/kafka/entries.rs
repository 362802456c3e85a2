//! A history with its transactions decoded: each key and each message has a number, so that the rest of the analysis
//! works on numbers. A message's number counts within its key.

use crate::{
    checker::numbers::Numbers,
    history::{History, Kind, Op, Process},
};
use glomers_json::Json;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The number of a key.
pub(super) type Key = usize;
/// The number of a message among those of its key.
pub(super) type Message = usize;
/// Messages of one key and where they are, as far as that is known.
pub(super) type Pairs = Vec<(Option<i64>, Message)>;

/// What an entry of the history says.
pub(super) struct Entry<'a> {
    pub(super) op: &'a Op,
    /// Whether it is a `poll`, a `send` or a `txn`.
    pub(super) is_transaction: bool,
    /// What it sends, by key.
    pub(super) sends: Vec<(Key, Pairs)>,
    /// What it has polled, by key. Only a successful poll has anything here.
    pub(super) reads: Vec<(Key, Pairs)>,
    /// The keys that an assignment names.
    pub(super) assigned: Option<Vec<Key>>,
    /// For a completion, the place of the invocation among the entries.
    pub(super) invocation: Option<usize>,
}

/// What the clients did.
#[derive(Default)]
pub(super) struct Entries<'a> {
    pub(super) list: Vec<Entry<'a>>,
    /// The messages of each key.
    keys: IndexMap<String, Numbers<'a>>,
}

impl<'a> Entries<'a> {
    /// Decodes a history. What does not look like an operation of this workload says nothing.
    pub(super) fn new(history: &'a History) -> Self {
        let mut entries = Self::default();
        let mut open: BTreeMap<Process, usize> = BTreeMap::new();
        for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
            let place = entries.list.len();
            let invocation = if op.kind == Kind::Invoke {
                open.insert(op.process, place);
                None
            } else {
                open.remove(&op.process)
            };
            let entry = entries.decode(op, invocation);
            entries.list.push(entry);
        }
        entries
    }

    fn decode(&mut self, op: &'a Op, invocation: Option<usize>) -> Entry<'a> {
        let is_transaction = matches!(&*op.f, "poll" | "send" | "txn");
        let mut entry = Entry { op, is_transaction, sends: Vec::new(), reads: Vec::new(), assigned: None, invocation };
        if is_transaction {
            for step in serde_json::from_str::<Vec<&'a RawValue>>(op.value.as_str()).unwrap_or_default() {
                self.decode_step(step, &mut entry);
            }
        } else if matches!(&*op.f, "assign" | "subscribe") {
            let keys: Vec<String> = op.value.decode().unwrap_or_default();
            entry.assigned = Some(keys.into_iter().map(|key| self.key(key)).collect());
        }
        entry
    }

    fn decode_step(&mut self, step: &'a RawValue, entry: &mut Entry<'a>) {
        type Polled<'a> = BTreeMap<String, Vec<(Option<i64>, &'a RawValue)>>;
        let parts: Vec<&'a RawValue> = serde_json::from_str(step.get()).unwrap_or_default();
        match (parts.first().map(|name| name.get()), &parts[..]) {
            (Some("\"poll\""), [_, polled, ..]) if entry.op.f != "send" => {
                // A poll has no key twice.
                let known = entry.reads.len();
                for (key, pairs) in serde_json::from_str::<Polled<'a>>(polled.get()).unwrap_or_default() {
                    let key = self.key(key);
                    let number = |(offset, text): (_, &'a RawValue)| (offset, self.message(key, text.get()));
                    add(&mut entry.reads, known, key, pairs.into_iter().map(number).collect());
                }
            }
            (Some("\"send\""), [_, key, sent, ..]) if entry.op.f != "poll" => {
                let Ok(key) = serde_json::from_str(key.get()) else { return };
                let key = self.key(key);
                // A message alone, or an offset and a message.
                let pair: Result<(Option<i64>, &'a RawValue), _> = serde_json::from_str(sent.get());
                let (offset, text) = pair.map_or((None, sent.get()), |(offset, text)| (offset, text.get()));
                let (message, known) = (self.message(key, text), entry.sends.len());
                add(&mut entry.sends, known, key, vec![(offset, message)]);
            }
            _ => {}
        }
    }

    fn key(&mut self, name: String) -> Key {
        let entry = self.keys.entry(name);
        let number = entry.index();
        entry.or_default();
        number
    }

    fn message(&mut self, key: Key, text: &'a str) -> Message {
        self.keys[key].number(text)
    }

    /// How many keys there are.
    pub(super) fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// How many different messages a key has.
    pub(super) fn message_count(&self, key: Key) -> usize {
        self.keys[key].len()
    }

    /// A key's name.
    pub(super) fn name(&self, key: Key) -> String {
        self.keys.get_index(key).map(|(name, _)| name.clone()).expect("keys are numbered from 0 on")
    }

    /// A message as it was sent.
    pub(super) fn value(&self, key: Key, message: Message) -> &Json {
        self.keys[key].value(message)
    }
}

/// Adds messages to those of the same key among the first `known`.
fn add(batch: &mut Vec<(Key, Pairs)>, known: usize, key: Key, pairs: Pairs) {
    match batch[..known].iter_mut().find(|(other, _)| *other == key) {
        Some((_, messages)) => messages.extend(pairs),
        None => batch.push((key, pairs)),
    }
}

impl Entry<'_> {
    /// Whether it ends an operation.
    pub(super) fn is_completion(&self) -> bool {
        self.op.kind != Kind::Invoke
    }

    /// Whether it is a transaction that has happened.
    pub(super) fn is_ok_transaction(&self) -> bool {
        self.is_transaction && self.op.kind == Kind::Ok
    }
}
