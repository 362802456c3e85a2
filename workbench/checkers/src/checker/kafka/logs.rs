//! The logs, put together from what sends and polls say of them (`version-orders`).
//!
//! Offsets may have gaps; an *index* counts the offsets that something is known of.

use super::{
    entries::{Entries, Entry, Key, Message},
    findings::{Duplicate, InconsistentOffset, shown},
};
use crate::history::Kind;
use std::collections::BTreeMap;

/// Who sent and who polled the messages of a key, by the number of the message.
#[derive(Clone, Default)]
pub(super) struct Fates {
    pub(super) messages: Vec<Fate>,
    /// Whether a successful poll said anything of the key, if only that there is nothing.
    pub(super) is_polled: bool,
}

/// What became of a message. The numbers are places among the entries.
#[derive(Clone, Copy, Default)]
pub(super) struct Fate {
    /// The completion of the last operation that tried to send it.
    pub(super) writer: Option<usize>,
    /// Whether a send of it is known to have failed.
    pub(super) is_failed: bool,
    /// The first successful poll that saw it.
    pub(super) first_reader: Option<usize>,
}

/// Who sent and who polled what, by key.
pub(super) fn fates(entries: &Entries<'_>) -> Vec<Fates> {
    let fates = |key| Fates { messages: vec![Fate::default(); entries.message_count(key)], is_polled: false };
    let mut by_key: Vec<Fates> = (0..entries.key_count()).map(fates).collect();
    for (place, entry) in entries.list.iter().enumerate().filter(|(_, entry)| entry.is_completion()) {
        for (key, pairs) in &entry.sends {
            for (_, message) in pairs {
                let fate = &mut by_key[*key].messages[*message];
                fate.writer = Some(place);
                fate.is_failed |= entry.op.kind == Kind::Fail;
            }
        }
        for (key, pairs) in entry.reads.iter().filter(|_| entry.op.kind == Kind::Ok) {
            by_key[*key].is_polled = true;
            for (_, message) in pairs {
                by_key[*key].messages[*message].first_reader.get_or_insert(place);
            }
        }
    }
    by_key
}

/// Whether a transaction has happened: it says so, or one of its messages was polled.
pub(super) fn has_happened(entry: &Entry<'_>, fates: &[Fates]) -> bool {
    let is_polled = |(key, message): (Key, Message)| fates[key].messages[message].first_reader.is_some();
    match entry.op.kind {
        Kind::Ok => true,
        Kind::Info => {
            let sent = entry.sends.iter().flat_map(|(key, pairs)| pairs.iter().map(|pair| (*key, pair.1)));
            sent.into_iter().any(is_polled)
        }
        Kind::Invoke | Kind::Fail => false,
    }
}

/// A key's log.
#[derive(Default)]
pub(super) struct Log {
    /// The messages seen at each offset: one, unless they contradict each other.
    pub(super) offsets: BTreeMap<i64, Vec<Message>>,
    /// The message at each index.
    pub(super) by_index: Vec<Message>,
    /// The index of each message: the last one that it has.
    index: Vec<Option<usize>>,
}

/// Puts the logs together. What polls say counts even where they failed; what sends say, if they have happened.
///
/// Negative offsets are left out, for there are none in Jepsen's logs.
pub(super) fn logs(entries: &Entries<'_>, fates: &[Fates]) -> Vec<Log> {
    let mut logs: Vec<Log> = Vec::new();
    logs.resize_with(entries.key_count(), Log::default);
    for entry in entries.list.iter().filter(|entry| entry.is_transaction) {
        let sends = entry.sends.iter().filter(|_| has_happened(entry, fates));
        for (key, pairs) in sends.chain(&entry.reads) {
            for (offset, message) in pairs {
                if let Some(offset) = offset.filter(|offset| *offset >= 0) {
                    let messages = logs[*key].offsets.entry(offset).or_default();
                    if !messages.contains(message) {
                        messages.push(*message);
                    }
                }
            }
        }
    }
    for (key, log) in logs.iter_mut().enumerate() {
        log.order(entries, key);
    }
    logs
}

impl Log {
    /// Gives every message its index. Of several at one offset the least is taken, where Jepsen takes any.
    fn order(&mut self, entries: &Entries<'_>, key: Key) {
        self.index = vec![None; entries.message_count(key)];
        for messages in self.offsets.values_mut() {
            messages.sort_by(|left, right| entries.value(key, *left).cmp(entries.value(key, *right)));
            self.index[messages[0]] = Some(self.by_index.len());
            self.by_index.push(messages[0]);
        }
    }

    /// How far it is from the first message to the second; one step, if nobody knows.
    pub(super) fn delta(&self, from: Message, to: Message) -> i64 {
        match (self.index[from], self.index[to]) {
            (Some(from), Some(to)) => to.cast_signed() as i64 - from.cast_signed() as i64,
            _ => 1,
        }
    }

    /// The messages between two, the first coming before the second.
    pub(super) fn between(&self, from: Message, to: Message) -> &[Message] {
        match (self.index[from], self.index[to]) {
            (Some(from), Some(to)) => self.by_index.get(from + 1..to).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Offsets at which there is more than one message.
pub(super) fn inconsistent_offsets(entries: &Entries<'_>, logs: &[Log]) -> Vec<InconsistentOffset> {
    let mut found = Vec::new();
    for (key, log) in logs.iter().enumerate() {
        for (index, (offset, messages)) in log.offsets.iter().enumerate().filter(|(_, (_, all))| all.len() > 1) {
            let values = messages.iter().map(|message| shown(entries.value(key, *message))).collect();
            found.push(InconsistentOffset { key: entries.name(key), offset: *offset, index, values });
        }
    }
    found
}

/// Messages that are at more than one offset of their log.
pub(super) fn duplicates(entries: &Entries<'_>, logs: &[Log]) -> Vec<Duplicate> {
    let mut found = Vec::new();
    for (key, log) in logs.iter().enumerate() {
        let mut places: Vec<Vec<i64>> = vec![Vec::new(); entries.message_count(key)];
        for (offset, messages) in &log.offsets {
            messages.iter().for_each(|message| places[*message].push(*offset));
        }
        for (message, offsets) in places.into_iter().enumerate().filter(|(_, offsets)| offsets.len() > 1) {
            let value = shown(entries.value(key, message));
            found.push(Duplicate { key: entries.name(key), value, count: offsets.len(), offsets });
        }
    }
    found
}
