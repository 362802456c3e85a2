//! The anomalies of logs, with Jepsen's key names, and how much of each is shown (`condense-error`).

use super::entries::{Entries, Key, Message, Pairs};
use crate::{
    history::{Kind, Name, Process},
    named::Named,
    order::sort_by_number,
};
use glomers_json::Json;
use serde::Serialize;
use serde_json::{Value, json};

/// The number of messages of a poll that are shown on each side of the one that matters.
const AROUND: usize = 3;

/// The anomalies that do not make a history invalid (`allowed-error-types`).
pub const ALLOWED: &[&str] = &["int-send-skip"];

/// Declares the anomalies, each with Jepsen's name for it.
macro_rules! anomalies {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ty = $name:literal,)+) => {
        /// The anomalies of a history, by kind.
        #[derive(Clone, Debug, Serialize)]
        pub struct Anomalies {$(
            $(#[doc = $doc])+
            #[serde(rename = $name, skip_serializing_if = "Found::is_empty")]
            pub $field: Found<$kind>,
        )+
            /// Confirmed messages that no client had polled by the end.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub unseen: Option<Unseen>,
        }

        impl Anomalies {
            /// The names of those that there are, sorted.
            pub(super) fn names(&self) -> Vec<&'static str> {
                let mut names: Vec<_> = self.unseen.iter().map(|_| "unseen").collect();
                $(if !self.$field.is_empty() {
                    names.push($name);
                })+
                names.sort_unstable();
                names
            }

            /// The number of each, by name.
            pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> + use<> {
                [$(($name, self.$field.count)),+].into_iter()
            }
        }
    };
}

anomalies! {
    /// Polls of messages whose send failed.
    aborted_read: WrongRead = "G1a",
    /// Polls of messages that were not yet sent.
    early_read: WrongRead = "G1c-realtime",
    /// As many: so Elle says that some cycle exists.
    cycle_exists: WrongRead = "strong-PL-2-cycle-exists",
    /// Messages at several offsets.
    duplicate: Duplicate = "duplicate",
    /// There is nothing to judge: no operation followed one that succeeded.
    empty_graph: () = "empty-transaction-graph",
    /// Offsets with several messages.
    inconsistent_offsets: InconsistentOffset = "inconsistent-offsets",
    /// Polls that go back in a log.
    int_nonmonotonic_poll: Skip = "int-nonmonotonic-poll",
    /// Transactions whose sends go back in a log.
    int_nonmonotonic_send: Skip = "int-nonmonotonic-send",
    /// Polls that leave out messages.
    int_poll_skip: Skip = "int-poll-skip",
    /// Transactions with somebody else's messages between their sends.
    int_send_skip: Skip = "int-send-skip",
    /// Messages that a poll must have seen.
    lost_write: LostWrite = "lost-write",
    /// Clients whose polls go back in a log, from one to the next.
    nonmonotonic_poll: Skip = "nonmonotonic-poll",
    /// Clients whose sends go back in a log, from one to the next.
    nonmonotonic_send: Skip = "nonmonotonic-send",
    /// Clients whose polls leave out messages, from one to the next.
    poll_skip: Skip = "poll-skip",
    /// Transactions that see their own sends.
    precommitted_read: PrecommittedRead = "precommitted-read",
}

/// Anomalies of one kind: how many there are, and the most telling of them.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Found<T> {
    /// The number of them.
    pub count: usize,
    /// Some of them.
    pub errs: Vec<T>,
}

impl<T> Found<T> {
    /// Shows all.
    pub(super) fn all(errs: Vec<T>) -> Self {
        Self { count: errs.len(), errs }
    }

    /// Shows those that come first.
    pub(super) fn least(mut errs: Vec<T>, limit: usize, size: impl Fn(&T) -> usize) -> Self {
        sort_by_number(&mut errs, |found| size(found) as u64);
        let count = errs.len();
        errs.truncate(limit);
        Self { count, errs }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A message at an offset, and another one at the same.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct InconsistentOffset {
    /// The log.
    pub key: String,
    /// The offset.
    pub offset: i64,
    /// The offset without gaps.
    pub index: usize,
    /// The messages.
    pub values: Vec<Value>,
    /// The indices of the first entries that say so.
    #[serde(skip)]
    pub seen_by: Vec<usize>,
}

/// A message at several offsets of its log.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Duplicate {
    /// The log.
    pub key: String,
    /// The message.
    pub value: Value,
    /// The number of offsets.
    pub count: usize,
    /// The offsets.
    pub offsets: Vec<i64>,
    /// The indices of the first entries that say so.
    #[serde(skip)]
    pub seen_by: Vec<usize>,
}

/// A message that no client polled although a later message of the log was polled.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LostWrite {
    /// The log.
    pub key: String,
    /// The message.
    pub value: Value,
    /// The index at which it first stands in the log.
    pub index: Option<usize>,
    /// The highest index that must have been polled.
    pub max_read_index: usize,
    /// The operation that sent it.
    pub writer: Evidence,
    /// An operation that polled that index.
    pub max_read: Option<Evidence>,
}

/// A message that was polled though its send failed (`G1a`) or had not begun (`G1c-realtime`).
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct WrongRead {
    /// The log.
    pub key: String,
    /// The message.
    pub value: Value,
    /// The operation that sent it.
    pub writer: Evidence,
    /// The operation that polled it.
    pub reader: Evidence,
}

/// A transaction that polls what it sends itself.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PrecommittedRead {
    /// The transaction.
    pub op: Evidence,
    /// The log.
    pub key: String,
    /// The message.
    pub value: Value,
}

/// Two messages of a log that do not follow one another, though they were polled or sent in a row.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Skip {
    /// The log.
    pub key: String,
    /// The messages.
    pub values: [Value; 2],
    /// The distance in the log from the first to the second.
    pub delta: i64,
    /// The messages between them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Value>,
    /// The operations that show it.
    #[serde(flatten)]
    pub by: By,
}

/// One operation, or two of the same client.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Within one.
    Op(Evidence),
    /// From the one to the other.
    Ops([Evidence; 2]),
}

/// Messages that were confirmed and not polled by the end.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Unseen {
    /// The time at which the last operation ended, in nanoseconds.
    pub time: u128,
    /// The number of them in each log.
    pub unseen: Named<usize>,
    /// Some of them.
    pub messages: Named<Vec<Value>>,
}

/// The poll that was furthest behind.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Lag {
    /// The time at which it began, in seconds.
    pub time: f64,
    /// The client that polled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The time for which the log had gone on beyond what the client knew, in seconds.
    pub lag: f64,
}

/// An operation that takes part in an anomaly, cut down to the log in question and the neighbours of the message.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Its place in the history.
    pub index: usize,
    /// Its time, in nanoseconds.
    pub time: u128,
    /// Its outcome.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The client that did it.
    pub process: Process,
    /// Its name.
    pub f: Name,
    /// The messages that it polled or sent there.
    pub value: Value,
}

impl Evidence {
    /// The entry at `place`, with what it says of the message.
    pub(super) fn new(entries: &Entries<'_>, place: usize, key: Key, message: Message) -> Self {
        let entry = &entries.list[place];
        let name = entries.name(key);
        let of_key = |batch: &[(Key, Pairs)]| {
            batch.iter().find(|(known, _)| *known == key).map(|(_, pairs)| cut(pairs, message)).unwrap_or_default()
        };
        let pair = |(offset, message): (Option<i64>, Message)| json!([offset, condensed(entries.value(key, message))]);
        let sends = of_key(&entry.sends).into_iter().map(|sent| json!(["send", name, pair(sent)]));
        let reads: Vec<Value> = of_key(&entry.reads).into_iter().map(pair).collect();
        let reads = (!reads.is_empty()).then(|| json!(["poll", { &*name: reads }]));
        let op = entry.op;
        Self {
            index: op.index,
            time: op.time.as_nanos(),
            kind: op.kind,
            process: op.process,
            f: op.f.clone(),
            value: sends.chain(reads).collect(),
        }
    }
}

/// The message with its neighbours.
fn cut(pairs: &Pairs, message: Message) -> Pairs {
    let at = pairs.iter().position(|pair| pair.1 == message).unwrap_or(0);
    pairs.iter().take(at + AROUND + 1).skip(at.saturating_sub(AROUND)).copied().collect()
}

/// A message for a report. A number that no JSON library can hold, such as 1e400, becomes its text.
pub(super) fn condensed(value: &Json) -> Value {
    value.decode().unwrap_or_else(|_| Value::from(value.as_str()))
}
