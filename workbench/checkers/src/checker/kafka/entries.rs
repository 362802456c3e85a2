//! A history with its transactions decoded: each key and each message has a number, so that the rest of the analysis
//! works on numbers. A message's number counts within its key.

use crate::{
    checker::numbers::Numbers,
    history::{Clients, History, Kind, Op, Process},
};
use foldhash::fast::FixedState;
use glomers_json::{Json, elements, members};
use indexmap::IndexMap;
use serde_json::value::RawValue;

/// The number of a key.
pub(super) type Key = usize;
/// The number of a message among those of its key.
pub(super) type Message = usize;
/// Messages of one key and their offsets, as far as they are known.
pub(super) type Pairs = Vec<(Option<i64>, Message)>;

/// The content of an entry of the history.
pub(super) struct Entry<'a> {
    pub(super) op: &'a Op,
    /// True for a `poll`, a `send` and a `txn`.
    pub(super) is_transaction: bool,
    /// The messages it sends, by key.
    pub(super) sends: Vec<(Key, Pairs)>,
    /// The messages it has polled, by key. Only a completion has any.
    pub(super) reads: Vec<(Key, Pairs)>,
    /// The keys that an assignment names.
    pub(super) assigned: Option<Vec<Key>>,
    /// For a completion, the place of the invocation among the entries.
    pub(super) invocation: Option<usize>,
}

/// The entries of clients.
#[derive(Default)]
pub(super) struct Entries<'a> {
    pub(super) list: Vec<Entry<'a>>,
    /// The first entry whose value is no transaction, with the reason.
    pub(super) malformed: Option<(usize, String)>,
    /// The messages of each key.
    keys: IndexMap<String, Numbers<'a>, FixedState>,
}

impl<'a> Entries<'a> {
    /// Decodes a history.
    pub(super) fn new(history: &'a History) -> Self {
        let mut entries = Self::default();
        let mut open = Clients::<Option<usize>>::default();
        for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
            let place = entries.list.len();
            let invocation = if op.kind == Kind::Invoke {
                *open.of(op.process) = Some(place);
                None
            } else {
                open.of(op.process).take()
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
            let is_decoded = unless_null(op.value.as_str(), elements)
                .is_some_and(|steps| steps.into_iter().all(|step| self.decode_step(step, &mut entry).is_some()));
            if !is_decoded {
                let reason = || format!("entry {} is no list of sends and polls: {}", op.index, op.value);
                self.malformed.get_or_insert_with(|| (op.index, reason()));
            }
        } else if matches!(&*op.f, "assign" | "subscribe") {
            let keys: Vec<Json> = op.value.decode().unwrap_or_default();
            entry.assigned = Some(keys.iter().map(|key| self.key(key.as_str())).collect());
        }
        entry
    }

    /// Takes a step to an entry; `None` if it is neither a send nor a poll.
    fn decode_step(&mut self, step: &'a RawValue, entry: &mut Entry<'a>) -> Option<()> {
        let parts = elements(step.get()).ok()?;
        match (parts.first()?.get(), &parts[1..]) {
            ("\"poll\"", []) => {}
            ("\"poll\"", [polled, ..]) if entry.op.f != "send" => {
                let known = entry.reads.len();
                let mut logs = Vec::new();
                for (key, pairs) in unless_null(polled.get(), members)? {
                    logs.push((key, unless_null(pairs.get(), elements)?));
                }
                // A poll has no key twice.
                for (key, pairs) in logs {
                    let key = self.key_named(key);
                    let pairs = pairs.into_iter().map(|pair| self.pair(key, pair.get()));
                    add(&mut entry.reads, known, key, pairs.collect::<Option<_>>()?);
                }
            }
            ("\"send\"", [key, sent, ..]) if entry.op.f != "poll" => {
                let key = self.key(key.get());
                // A message alone, or an offset and a message.
                let pair = self.pair(key, sent.get()).unwrap_or_else(|| (None, self.message(key, sent.get())));
                let known = entry.sends.len();
                add(&mut entry.sends, known, key, vec![pair]);
            }
            ("\"poll\"" | "\"send\"", _) => {}
            _ => return None,
        }
        Some(())
    }

    /// An offset, which may be unknown, and a message.
    fn pair(&mut self, key: Key, text: &'a str) -> Option<(Option<i64>, Message)> {
        let parts = elements(text).ok()?;
        let [offset, message, ..] = parts[..] else { return None };
        Some((serde_json::from_str(offset.get()).ok()?, self.message(key, message.get())))
    }

    /// The number of a key by its JSON text. Maelstrom's keys are strings; Jepsen's may be numbers.
    fn key(&mut self, text: &str) -> Key {
        self.key_named(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()))
    }

    fn key_named(&mut self, name: String) -> Key {
        let entry = self.keys.entry(name);
        let number = entry.index();
        entry.or_default();
        number
    }

    fn message(&mut self, key: Key, text: &'a str) -> Message {
        self.keys[key].number(text)
    }

    /// The number of keys.
    pub(super) fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// The number of different messages of a key.
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

/// The contents of a text; nothing for `null`. `None` if it is something else.
fn unless_null<'a, T: Default>(text: &'a str, read: impl Fn(&'a str) -> Result<T, serde_json::Error>) -> Option<T> {
    if text == "null" { Some(T::default()) } else { read(text).ok() }
}

/// Adds messages to those of the same key among the first `known`.
fn add(batch: &mut Vec<(Key, Pairs)>, known: usize, key: Key, pairs: Pairs) {
    match batch[..known].iter_mut().find(|(other, _)| *other == key) {
        Some((_, messages)) => messages.extend(pairs),
        None => batch.push((key, pairs)),
    }
}

impl Entry<'_> {
    /// Tells whether it ends an operation.
    pub(super) fn is_completion(&self) -> bool {
        self.op.kind != Kind::Invoke
    }

    /// Tells whether it is a transaction that has happened.
    pub(super) fn is_ok_transaction(&self) -> bool {
        self.is_transaction && self.op.kind == Kind::Ok
    }
}
