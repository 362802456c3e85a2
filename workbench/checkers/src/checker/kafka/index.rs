//! Indices of the history: the operation that sent each message, and those that polled it (`writer-of`, `readers-of`,
//! `writes-by-type`, `reads-by-type`).

use super::entries::{Entries, Entry, Key, Message};
use crate::history::Kind;

/// The indices of a key.
#[derive(Clone, Default)]
pub(super) struct KeyIndex {
    /// By the number of the message.
    pub(super) messages: Vec<MessageIndex>,
    /// True if a successful poll named the key, if only to say that it is empty.
    pub(super) is_polled: bool,
}

/// The operations that name a message, as places among the entries.
#[derive(Clone, Copy, Default)]
pub(super) struct MessageIndex {
    /// The completion of the last operation that tried to send it.
    pub(super) writer: Option<usize>,
    /// True if a send of it is known to have failed.
    pub(super) is_failed: bool,
    /// The first poll that saw it, however that poll ended.
    pub(super) reader: Option<usize>,
    /// The first successful poll that saw it.
    pub(super) ok_reader: Option<usize>,
}

/// The indices by key.
pub(super) fn index(entries: &Entries<'_>) -> Vec<KeyIndex> {
    let empty =
        |key| KeyIndex { messages: vec![MessageIndex::default(); entries.message_count(key)], is_polled: false };
    let mut keys: Vec<KeyIndex> = (0..entries.key_count()).map(empty).collect();
    for (place, entry) in entries.list.iter().enumerate().filter(|(_, entry)| entry.is_completion()) {
        for (key, pairs) in &entry.sends {
            for (_, message) in pairs {
                let message = &mut keys[*key].messages[*message];
                message.writer = Some(place);
                message.is_failed |= entry.op.kind == Kind::Fail;
            }
        }
        let is_ok = entry.op.kind == Kind::Ok;
        for (key, pairs) in &entry.reads {
            keys[*key].is_polled |= is_ok;
            for (_, message) in pairs {
                let message = &mut keys[*key].messages[*message];
                message.reader.get_or_insert(place);
                if is_ok {
                    message.ok_reader.get_or_insert(place);
                }
            }
        }
    }
    keys
}

/// Tells whether a transaction has happened: it says so, or one of its messages was polled (`must-have-committed?`).
pub(super) fn has_happened(entry: &Entry<'_>, index: &[KeyIndex]) -> bool {
    let is_polled = |(key, message): (Key, Message)| index[key].messages[message].ok_reader.is_some();
    match entry.op.kind {
        Kind::Ok => true,
        Kind::Info => {
            let sent = entry.sends.iter().flat_map(|(key, pairs)| pairs.iter().map(|pair| (*key, pair.1)));
            sent.into_iter().any(is_polled)
        }
        Kind::Invoke | Kind::Fail => false,
    }
}
