//! What polls and sends show of logs (jepsen: `tests/kafka.clj`, `checker`), as Maelstrom asks: each operation has one
//! step, clients assign themselves their logs, and the order of sends makes no dependencies.
//!
//! Everything that is found makes a history invalid, but for sends that skip offsets: those of others come in between.
//! Where Jepsen's checker gives up with an exception, the verdict is unknown, as there, and `error` says why; what was
//! found is told all the same.
//!
//! Names and counts are Jepsen's, with these exceptions. Where an offset has several messages, Jepsen takes any of them
//! for the order of the log and this checker the least, so skips that follow from it may differ. `G1c-realtime` counts the
//! polls of messages not yet sent, not the strongly connected parts of a graph. Operations are shown without the logs and
//! messages that have nothing to do with the anomaly.

mod entries;
mod findings;
mod jumps;
mod lag;
mod logs;
mod losses;

pub use findings::{
    By, Duplicate, Found, InconsistentOffset, Jump, Lag, LostWrite, PrecommittedRead, Unseen, Witness, WrongRead,
};

use crate::{
    expectations::Expectations,
    finding::StrictFinding,
    history::{History, Kind},
    json::value,
    validity::Validity,
    verdict::{Checker, Verdict},
};
use entries::Entries;
use logs::{Fates, Log};
use serde::Serialize;
use serde_json::Value;

/// How many inconsistent offsets and duplicates are shown.
const SHOWN: usize = 32;

/// What may be found without making a history invalid (`allowed-error-types`).
pub const ALLOWED: &[&str] = &["int-send-skip"];

/// What a history shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kafka {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The kinds of anomalies, by name.
    pub error_types: Vec<&'static str>,
    /// Those of them that are not allowed.
    pub bad_error_types: Vec<&'static str>,
    /// Why transactions are open, each reason once.
    pub info_txn_causes: Vec<Value>,
    /// The poll that was furthest behind.
    pub worst_realtime_lag: Lag,
    /// The anomalies.
    #[serde(flatten)]
    pub anomalies: Anomalies,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

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
            /// Confirmed messages that nobody had polled by the end.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub unseen: Option<Unseen>,
        }

        impl Anomalies {
            /// The names of those that there are, sorted.
            fn names(&self) -> Vec<&'static str> {
                let mut names: Vec<_> = self.unseen.iter().map(|_| "unseen").collect();
                $(if !self.$field.is_empty() {
                    names.push($name);
                })+
                names.sort_unstable();
                names
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
    int_nonmonotonic_poll: Jump = "int-nonmonotonic-poll",
    /// Transactions whose sends go back in a log.
    int_nonmonotonic_send: Jump = "int-nonmonotonic-send",
    /// Polls that leave out messages.
    int_poll_skip: Jump = "int-poll-skip",
    /// Transactions with somebody else's messages between their sends.
    int_send_skip: Jump = "int-send-skip",
    /// Messages that a poll must have seen.
    lost_write: LostWrite = "lost-write",
    /// Clients whose polls go back in a log, from one to the next.
    nonmonotonic_poll: Jump = "nonmonotonic-poll",
    /// Clients whose sends go back in a log, from one to the next.
    nonmonotonic_send: Jump = "nonmonotonic-send",
    /// Clients whose polls leave out messages, from one to the next.
    poll_skip: Jump = "poll-skip",
    /// Transactions that see their own sends.
    precommitted_read: PrecommittedRead = "precommitted-read",
}

/// Judges the operations `send`, `poll`, `assign` and, if there are any, `txn` and `subscribe`.
pub fn check(history: &History) -> Kafka {
    let entries = Entries::new(history);
    let fates = logs::fates(&entries);
    let logs = logs::logs(&entries, &fates);
    let anomalies = anomalies(&entries, &fates, &logs);
    let error_types = anomalies.names();
    let bad_error_types: Vec<_> = error_types.iter().filter(|name| !ALLOWED.contains(name)).copied().collect();
    let error = error(&entries, &fates, &logs);
    Kafka {
        valid: if error.is_some() { Validity::Unknown } else { Validity::from_valid(bad_error_types.is_empty()) },
        error_types,
        bad_error_types,
        info_txn_causes: info_txn_causes(&entries),
        worst_realtime_lag: lag::worst(&entries),
        anomalies,
        error,
    }
}

fn anomalies(entries: &Entries<'_>, fates: &[Fates], logs: &[Log]) -> Anomalies {
    let jumps = |jumps: jumps::Jumps| jumps.shown(entries, logs);
    let (int_poll_skip, int_nonmonotonic_poll) = jumps(jumps::internal(entries, logs, |entry| &entry.reads));
    let (int_send_skip, int_nonmonotonic_send) = jumps(jumps::internal(entries, logs, |entry| &entry.sends));
    let (poll_skip, nonmonotonic_poll) = jumps(jumps::polls(entries, logs));
    // Nobody expects to be the only one who sends.
    let (_, nonmonotonic_send) = jumps(jumps::sends(entries, logs));
    let early_read = Found::all(losses::early_reads(entries, fates));
    Anomalies {
        aborted_read: Found::all(losses::aborted_reads(entries, fates)),
        cycle_exists: Found::counted(early_read.count),
        early_read,
        duplicate: Found::least(logs::duplicates(entries, logs), SHOWN, |found| found.count),
        empty_graph: Found::counted(usize::from(losses::is_graph_empty(entries, fates))),
        inconsistent_offsets: Found::least(logs::inconsistent_offsets(entries, logs), SHOWN, |found| {
            found.values.len()
        }),
        int_nonmonotonic_poll,
        int_nonmonotonic_send,
        int_poll_skip,
        int_send_skip,
        lost_write: Found::all(losses::lost_writes(entries, fates, logs)),
        nonmonotonic_poll,
        nonmonotonic_send,
        poll_skip,
        precommitted_read: Found::all(losses::precommitted_reads(entries)),
        unseen: losses::unseen(entries),
    }
}

/// Finds polls of messages that nobody sent, about which Jepsen's checker gives no verdict.
pub fn strict_findings(history: &History) -> Vec<StrictFinding> {
    let entries = Entries::new(history);
    stray(&entries, &logs::fates(&entries))
        .map(|(reader, what)| StrictFinding::new("garbage", [reader], what))
        .collect()
}

/// The first poll of a message that nobody sent, for each log that has one.
fn stray(entries: &Entries<'_>, fates: &[Fates]) -> impl Iterator<Item = (usize, String)> {
    fates.iter().enumerate().filter_map(|(key, fates)| {
        let is_stray = |(_, fate): &(_, &logs::Fate)| fate.first_reader.is_some() && fate.writer.is_none();
        let (message, fate) = fates.messages.iter().enumerate().find(is_stray)?;
        let (name, value) = (entries.name(key), entries.value(key, message));
        let reader = entries.list[fate.first_reader?].op.index;
        Some((reader, format!("a poll of the log {name:?} saw the message {value}, which nobody sent")))
    })
}

/// What Jepsen's checker stumbles over.
fn error(entries: &Entries<'_>, fates: &[Fates], logs: &[Log]) -> Option<String> {
    let stray = stray(entries, fates).next().map(|(_, what)| what);
    let blank = || {
        let has_place = |(fates, log): (&Fates, &Log)| {
            log.offsets.values().flatten().any(|message| fates.messages[*message].first_reader.is_some())
        };
        let key = fates.iter().zip(logs).position(|(fates, log)| fates.is_polled && !has_place((fates, log)))?;
        Some(format!("polls said that the log {:?} is empty, and none ever saw a message there", entries.name(key)))
    };
    stray.or_else(blank)
}

fn info_txn_causes(entries: &Entries<'_>) -> Vec<Value> {
    let mut causes = Vec::new();
    for entry in entries.list.iter().filter(|entry| entry.is_transaction && entry.op.kind == Kind::Info) {
        let cause = entry.op.error.as_ref().map_or(Value::Null, findings::shown);
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

impl From<Kafka> for Verdict {
    fn from(kafka: Kafka) -> Self {
        let mut findings = value(&kafka);
        // The verdict says it itself.
        findings.as_object_mut().map(|findings| findings.remove("valid?"));
        Self { valid: kafka.valid, findings }
    }
}

/// The checker of `kafka`.
#[derive(Debug)]
pub struct KafkaChecker;

impl Checker for KafkaChecker {
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        check(history).into()
    }

    fn strict_findings(&self, history: &History, _: &Expectations) -> Vec<StrictFinding> {
        strict_findings(history)
    }
}
