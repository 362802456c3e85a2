//! Anomalies in polls and sends of logs (jepsen: `tests/kafka.clj`, `checker`), with Maelstrom's settings: each
//! operation has one step, clients assign themselves their logs, and the order of sends makes no dependencies.
//!
//! Every anomaly makes a history invalid, except for sends that skip offsets: other clients' sends may come in between.
//! If Jepsen's checker gives up with an exception, the verdict is unknown, as in Jepsen, and `error` says why. The
//! anomalies that were found are reported all the same.
//!
//! Names and counts are Jepsen's, with one exception: `G1c-realtime` counts the polls of messages not yet sent, not the
//! strongly connected parts of a graph. Operations are shown without the logs and messages that have nothing to do with
//! the anomaly.

mod anomalies;
mod entries;
mod findings;
mod index;
mod lag;
mod losses;
mod skips;
mod version_order;

pub use lag::PollLag;

pub use anomalies::{
    ALLOWED, Anomalies, By, Duplicate, Evidence, Found, InconsistentOffset, Lag, LostWrite, PrecommittedRead, Skip,
    Unseen, WrongRead,
};

use crate::{
    checker::{comparable::incomparable, strict::answers},
    expectations::Expectations,
    finding::Finding,
    history::{History, Kind},
    validity::Validity,
    verdict::{Checker, Verdict},
};
use entries::Entries;
use glomers_json::Json;
use index::KeyIndex;
use serde::Serialize;
use serde_json::Value;
use std::mem;
use version_order::VersionOrder;

/// The number of inconsistent offsets and duplicates that are shown.
const SHOWN: usize = 32;

/// The results of a history.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Kafka {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The kinds of anomalies, by name.
    pub error_types: Vec<&'static str>,
    /// Those of them that are not allowed.
    pub bad_error_types: Vec<&'static str>,
    /// The reasons why transactions are open, each once.
    pub info_txn_causes: Vec<Value>,
    /// The poll that was furthest behind.
    pub worst_realtime_lag: Lag,
    /// The anomalies.
    #[serde(flatten)]
    pub anomalies: Anomalies,
    /// The reason why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Judges the operations `send`, `poll`, `assign` and, if there are any, `txn` and `subscribe`.
pub fn check(history: &History) -> Kafka {
    Logs::read(history).check()
}

/// The time for which each poll was behind.
pub fn lags(history: &History) -> Vec<PollLag> {
    lag::all(&Entries::new(history))
}

/// Finds polls of messages that were never sent, about which Jepsen's checker gives no verdict.
pub fn strict_findings(history: &History) -> Vec<Finding> {
    Logs::read(history).strict_findings()
}

/// The logs of a history, as both checks need them.
struct Logs<'a> {
    entries: Entries<'a>,
    index: Vec<KeyIndex>,
    orders: Vec<VersionOrder>,
}

impl<'a> Logs<'a> {
    fn read(history: &'a History) -> Self {
        let entries = Entries::new(history);
        let index = index::index(&entries);
        let orders = version_order::version_orders(&entries, &index);
        Self { entries, index, orders }
    }

    fn check(&self) -> Kafka {
        let Self { entries, index, orders } = self;
        let anomalies = anomalies(entries, index, orders);
        let error_types = anomalies.names();
        let bad_error_types: Vec<_> = error_types.iter().filter(|name| !ALLOWED.contains(name)).copied().collect();
        let error = error(entries, index, orders);
        Kafka {
            valid: if error.is_some() { Validity::Unknown } else { Validity::from_valid(bad_error_types.is_empty()) },
            error_types,
            bad_error_types,
            info_txn_causes: info_txn_causes(entries),
            worst_realtime_lag: lag::worst(entries),
            anomalies,
            error,
        }
    }

    fn strict_findings(&self) -> Vec<Finding> {
        let Self { entries, index, orders } = self;
        let stray = strays(entries, index).map(|(reader, reason)| Finding::strict("garbage", [reader], reason));
        let malformed = entries.malformed.iter();
        let malformed = malformed.map(|(entry, reason)| Finding::strict("malformed-answer", [*entry], reason.clone()));
        let unplaced = unplaced(entries, index, orders).map(|reason| Finding::strict("unplaced-poll", [], reason));
        stray.chain(malformed).chain(unplaced).chain(negative(entries)).collect()
    }
}

fn anomalies(entries: &Entries<'_>, index: &[KeyIndex], orders: &[VersionOrder]) -> Anomalies {
    let condensed = |skips: skips::Skips| skips.condensed(entries, orders);
    let (int_poll_skip, int_nonmonotonic_poll) = condensed(skips::internal(entries, orders, |entry| &entry.reads));
    let (int_send_skip, int_nonmonotonic_send) = condensed(skips::internal(entries, orders, |entry| &entry.sends));
    let (poll_skip, nonmonotonic_poll) = condensed(skips::polls(entries, orders));
    // Sends of other clients come in between, so skips are no anomaly.
    let (_, nonmonotonic_send) = condensed(skips::sends(entries, orders));
    let early_read = Found::all(losses::early_reads(entries, index));
    Anomalies {
        aborted_read: Found::all(losses::aborted_reads(entries, index)),
        cycle_exists: Found::counted(early_read.count),
        early_read,
        duplicate: Found::least(version_order::duplicates(entries, orders), SHOWN, |found| found.count),
        empty_graph: Found::counted(usize::from(losses::is_graph_empty(entries, index))),
        inconsistent_offsets: Found::least(version_order::inconsistent_offsets(entries, orders), SHOWN, |found| {
            found.values.len()
        }),
        int_nonmonotonic_poll,
        int_nonmonotonic_send,
        int_poll_skip,
        int_send_skip,
        lost_write: Found::all(losses::lost_writes(entries, index, orders)),
        nonmonotonic_poll,
        nonmonotonic_send,
        poll_skip,
        precommitted_read: Found::all(losses::precommitted_reads(entries)),
        unseen: losses::unseen(entries),
    }
}

/// The first send of each log that was acknowledged with a negative offset.
fn negative<'a>(entries: &'a Entries<'_>) -> impl Iterator<Item = Finding> + 'a {
    let mut is_named = vec![false; entries.key_count()];
    let sends = entries.list.iter().filter(|entry| entry.is_ok_transaction());
    let sends = sends.flat_map(|entry| entry.sends.iter().map(move |(key, pairs)| (entry.op.index, *key, pairs)));
    let offsets =
        sends.flat_map(|(op, key, pairs)| pairs.iter().filter_map(move |(offset, _)| Some((op, key, (*offset)?))));
    offsets.filter(move |(_, key, offset)| *offset < 0 && !mem::replace(&mut is_named[*key], true)).map(
        |(op, key, offset)| {
            let name = entries.name(key);
            Finding::strict(
                "negative-offset",
                [op],
                format!("send_ok for key {name} gave the offset {offset}; offsets are 0 or more"),
            )
        },
    )
}

/// The first poll of a message that was never sent, for each log that has one.
fn strays(entries: &Entries<'_>, index: &[KeyIndex]) -> impl Iterator<Item = (usize, String)> {
    index.iter().enumerate().filter_map(|(key, of_key)| {
        let is_stray =
            |(_, message): &(usize, &index::MessageIndex)| message.reader.is_some() && message.writer.is_none();
        let (number, message) = of_key.messages.iter().enumerate().find(is_stray)?;
        let (name, value) = (entries.name(key), entries.value(key, number));
        let reader = entries.list[message.reader?].op.index;
        Some((reader, format!("a poll of the log {name:?} saw the message {value}, which nobody sent")))
    })
}

/// A log that successful polls named though none of them saw a message at a known offset. Jepsen's checker looks for
/// the highest index that was read, and its index is out of bounds.
fn unplaced(entries: &Entries<'_>, index: &[KeyIndex], orders: &[VersionOrder]) -> Option<String> {
    let has_place = |(of_key, order): (&KeyIndex, &VersionOrder)| {
        order
            .log
            .iter()
            .flat_map(|(_, seen)| seen)
            .any(|sighting| of_key.messages[sighting.message].ok_reader.is_some())
    };
    let is_unplaced = |(of_key, order): (&KeyIndex, &VersionOrder)| of_key.is_polled && !has_place((of_key, order));
    let key = index.iter().zip(orders).position(is_unplaced)?;
    Some(format!("polls said that the log {:?} is empty, and none ever saw a message there", entries.name(key)))
}

/// Messages that Clojure cannot sort, where Jepsen's checker sorts them to report them.
fn unsortable(entries: &Entries<'_>, orders: &[VersionOrder]) -> Option<String> {
    orders.iter().enumerate().find_map(|(key, order)| {
        let at_offset = |seen: &Vec<version_order::Sighting>| -> Vec<&Json> {
            seen.iter().map(|sighting| entries.value(key, sighting.message)).collect()
        };
        let found = order.log.iter().find_map(|(_, seen)| {
            let values = at_offset(seen);
            incomparable(values.iter().copied()).map(|(left, right)| format!("{left} and {right}"))
        })?;
        Some(format!("an offset of the log {:?} has messages without an order: {found}", entries.name(key)))
    })
}

/// The reason why Jepsen's checker throws an exception, if it does.
fn error(entries: &Entries<'_>, index: &[KeyIndex], orders: &[VersionOrder]) -> Option<String> {
    let malformed = entries.malformed.as_ref().map(|(_, reason)| reason.clone());
    malformed
        .or_else(|| strays(entries, index).next().map(|(_, reason)| reason))
        .or_else(|| unplaced(entries, index, orders))
        .or_else(|| unsortable(entries, orders))
}

fn info_txn_causes(entries: &Entries<'_>) -> Vec<Value> {
    let mut causes = Vec::new();
    for entry in entries.list.iter().filter(|entry| entry.is_transaction && entry.op.kind == Kind::Info) {
        let cause = entry.op.error().map_or(Value::Null, anomalies::condensed);
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

/// The checker of `kafka`.
#[derive(Debug)]
pub struct KafkaChecker;

impl Checker for KafkaChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        verdict(check(history))
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<Finding> {
        strict(history, &Logs::read(history))
    }

    /// Reads the logs once.
    fn judge(&self, history: &History, _: &Expectations) -> (Verdict, Vec<Finding>) {
        let logs = Logs::read(history);
        (verdict(logs.check()), strict(history, &logs))
    }
}

fn strict(history: &History, logs: &Logs<'_>) -> Vec<Finding> {
    answers::polls(history).into_iter().chain(logs.strict_findings()).collect()
}

fn verdict(kafka: Kafka) -> Verdict {
    let (error, counts) = (kafka.error.clone(), kafka.anomalies.counts());
    let verdict = Verdict::exact(kafka.valid, findings::findings(&kafka.anomalies), kafka);
    counts.fold(verdict, |verdict, (kind, count)| verdict.counting(kind, count)).unless_thrown(error)
}
