//! Messages that no client saw, or that no client should have seen.

use super::{
    anomalies::{Evidence, Found, LostWrite, PrecommittedRead, Unseen, WrongRead, condensed},
    entries::{Entries, Key, Message},
    index::{KeyIndex, has_happened},
    version_order::VersionOrder,
};
use crate::{
    history::Kind,
    order::{sort_by, sort_by_number},
};

/// The number of unseen messages of a log that are shown.
const UNSEEN_SHOWN: usize = 32;

/// Messages that no client polled although a later message of the log was polled (`lost-write`).
///
/// A message may stand at several offsets. What must have been polled ends at the latest first index of a polled
/// message, and includes the messages whose last index is before that.
pub(super) fn lost_writes(entries: &Entries<'_>, index: &[KeyIndex], orders: &[VersionOrder]) -> Vec<LostWrite> {
    let mut found = Vec::new();
    for (key, order) in orders.iter().enumerate() {
        let messages = &index[key].messages;
        let mut indices: Vec<Option<(usize, usize)>> = vec![None; messages.len()];
        for (place, at_offset) in order.log.iter().map(|(_, seen)| seen).enumerate() {
            for sighting in at_offset {
                indices[sighting.message].get_or_insert((place, place)).1 = place;
            }
        }
        let polled = || (0..messages.len()).filter(|message| messages[*message].ok_reader.is_some());
        let Some(bound) = polled().filter_map(|message| Some(indices[message]?.0)).max() else { continue };
        let last_index = |message: Message| indices[message].map(|(_, last)| last);
        let max_read = (0..messages.len()).filter(|message| last_index(*message) == Some(bound)).find_map(|message| {
            let reader = messages[message].ok_reader?;
            Some(Evidence::new(entries, reader, key, message))
        });
        let mut lost: Vec<Message> = (0..messages.len())
            .filter(|message| last_index(*message).is_some_and(|index| index <= bound))
            .filter(|message| messages[*message].ok_reader.is_none())
            .collect();
        sort_by_number(&mut lost, |message| last_index(*message).map_or(0, |index| index as u64 + 1));
        for message in lost {
            let Some(writer) = messages[message].writer.filter(|writer| has_happened(&entries.list[*writer], index))
            else {
                continue;
            };
            found.push(LostWrite {
                key: entries.name(key),
                value: condensed(entries.value(key, message)),
                index: indices[message].map(|(first, _)| first),
                max_read_index: bound,
                writer: Evidence::new(entries, writer, key, message),
                max_read: max_read.clone(),
            });
        }
    }
    found
}

/// Every message that a successful poll saw, and where.
fn seen<'a>(entries: &'a Entries<'_>) -> impl Iterator<Item = (usize, Key, Message)> + 'a {
    let ok = entries.list.iter().enumerate().filter(|(_, entry)| entry.is_ok_transaction());
    ok.flat_map(|(place, entry)| {
        let reads = entry.reads.iter();
        reads.flat_map(move |(key, pairs)| pairs.iter().map(move |(_, message)| (place, *key, *message)))
    })
}

/// Polls of messages whose send is known to have failed (`G1a`).
pub(super) fn aborted_reads(entries: &Entries<'_>, index: &[KeyIndex]) -> Vec<WrongRead> {
    let is_failed = |(_, key, message): &(usize, Key, Message)| index[*key].messages[*message].is_failed;
    seen(entries).filter(is_failed).filter_map(|read| wrong_read(entries, index, read)).collect()
}

/// Polls that ended before the send of what they saw began (`G1c-realtime`).
///
/// Without transactions of several steps, no other cycle that Elle looks for is possible. Polls depend on sends, and
/// sends on nothing, so a cycle needs real time; and real time closes a cycle only if a poll came first. Jepsen leaves
/// the order of sends in a log out of the graph unless it is told otherwise (`:ww-deps`).
pub(super) fn early_reads(entries: &Entries<'_>, index: &[KeyIndex]) -> Vec<WrongRead> {
    let is_early = |(reader, key, message): &(usize, Key, Message)| {
        let writer = index[*key].messages[*message].writer;
        writer.is_some_and(|writer| entries.list[writer].invocation.is_some_and(|began| began > *reader))
    };
    seen(entries).filter(is_early).filter_map(|read| wrong_read(entries, index, read)).collect()
}

fn wrong_read(
    entries: &Entries<'_>,
    index: &[KeyIndex],
    (reader, key, message): (usize, Key, Message),
) -> Option<WrongRead> {
    Some(WrongRead {
        key: entries.name(key),
        value: condensed(entries.value(key, message)),
        writer: Evidence::new(entries, index[key].messages[message].writer?, key, message),
        reader: Evidence::new(entries, reader, key, message),
    })
}

/// Transactions that see what they send themselves, one message each.
pub(super) fn precommitted_reads(entries: &Entries<'_>) -> Vec<PrecommittedRead> {
    let mut found = Vec::new();
    for (place, entry) in entries.list.iter().enumerate().filter(|(_, entry)| !entry.sends.is_empty()) {
        let own = entry.reads.iter().find_map(|(key, pairs)| {
            let (_, sends) = entry.sends.iter().find(|(sent, _)| sent == key)?;
            let (_, message) = pairs.iter().find(|(_, read)| sends.iter().any(|(_, sent)| sent == read))?;
            Some((*key, *message))
        });
        if let Some((key, message)) = own {
            let value = condensed(entries.value(key, message));
            found.push(PrecommittedRead {
                op: Evidence::new(entries, place, key, message),
                key: entries.name(key),
                value,
            });
        }
    }
    found
}

/// The messages that were confirmed but not polled by the end (`unseen`); `None` if there are none.
///
/// As in Jepsen, messages of a log count as unseen too if none of its sends was confirmed before the last operation,
/// and that operation is the first poll of the log.
pub(super) fn unseen(entries: &Entries<'_>) -> Option<Unseen> {
    let none = |key| vec![false; entries.message_count(key)];
    let mut unseen: Vec<Vec<bool>> = (0..entries.key_count()).map(none).collect();
    let mut polled = unseen.clone();
    let mut is_known = vec![false; entries.key_count()];
    let transactions = || entries.list.iter().filter(|entry| entry.is_ok_transaction());
    let last = transactions().next_back()?;
    for entry in transactions() {
        for (key, pairs) in &entry.sends {
            is_known[*key] = true;
            for (_, message) in pairs {
                unseen[*key][*message] = !polled[*key][*message];
            }
        }
        for (key, pairs) in &entry.reads {
            for (_, message) in pairs {
                polled[*key][*message] = true;
                unseen[*key][*message] = false;
            }
            if !std::mem::replace(&mut is_known[*key], true) && entry.op.index == last.op.index {
                unseen[*key].clone_from(&polled[*key]);
            }
        }
    }
    let mut result = Unseen { time: last.op.time.as_nanos(), unseen: Default::default(), messages: Default::default() };
    for (key, messages) in unseen.iter().enumerate().filter(|(_, messages)| messages.contains(&true)) {
        let of_key = (0..messages.len()).filter(|message| messages[*message]);
        let mut values: Vec<_> = of_key.map(|message| entries.value(key, message)).collect();
        sort_by(&mut values, |left, right| left.cmp(right));
        *result.unseen.of(&entries.name(key)) = values.len();
        *result.messages.of(&entries.name(key)) = values.into_iter().take(UNSEEN_SHOWN).map(condensed).collect();
    }
    (!result.unseen.is_empty()).then_some(result)
}

/// Tells whether Elle's graph is empty: no transaction began after another one had succeeded, and no message was seen.
pub(super) fn is_graph_empty(entries: &Entries<'_>, index: &[KeyIndex]) -> bool {
    let transactions = || entries.list.iter().enumerate().filter(|(_, entry)| entry.is_transaction);
    let first = transactions().find(|(_, entry)| entry.op.kind == Kind::Ok).map(|(place, _)| place);
    let follows = |began: usize| first.is_some_and(|first| began > first);
    let is_seen = index.iter().flat_map(|key| &key.messages).any(|message| message.reader.is_some());
    !entries.list.is_empty() && !is_seen && !transactions().any(|(_, entry)| entry.invocation.is_some_and(follows))
}

impl<T> Found<T> {
    /// Only how many there are.
    pub(super) fn counted(count: usize) -> Self {
        Self { count, errs: Vec::new() }
    }
}
