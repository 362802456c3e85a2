//! For how long polls had been behind the ends of the logs (`realtime-lag`).
//!
//! A poll that began at 4 and ended with offset 0 as the highest of a log, where offset 1 was known to exist at 3, was
//! behind for 1 at least.

use super::{
    anomalies::Lag,
    entries::{Entries, Entry, Key, Pairs},
};
use crate::history::{Clients, Kind, Process};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::time::Duration;

/// Offsets by key, in the order in which a client came to know the keys.
type Offsets = IndexMap<Key, i64, FixedState>;

/// The time for which a poll was behind the end of a log at least.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PollLag {
    /// The time at which the poll began.
    pub begun: Duration,
    /// The time for which it was behind; zero if it was not.
    pub lag: Duration,
}

/// The lag of each poll, in the log in which it is greatest.
pub(super) fn all(entries: &Entries<'_>) -> Vec<PollLag> {
    let mut lags: Vec<(usize, PollLag)> = Vec::new();
    look(entries, |poll, lag, begun, _, _| match lags.last_mut() {
        Some((last, greatest)) if *last == poll => greatest.lag = lag.max(greatest.lag),
        _ => lags.push((poll, PollLag { begun, lag })),
    });
    lags.into_iter().map(|(_, lag)| lag).collect()
}

/// The poll that was furthest behind, the first of several.
pub(super) fn worst(entries: &Entries<'_>) -> Lag {
    let mut worst: Option<(Duration, Duration, Process, Key)> = None;
    look(entries, |_, lag, begun, process, key| {
        if worst.is_none_or(|(worst, ..)| lag > worst) {
            worst = Some((lag, begun, process, key));
        }
    });
    worst.map_or_else(Lag::default, |(lag, time, process, key)| Lag {
        time: time.as_secs_f64(),
        process: Some(process),
        key: Some(entries.name(key)),
        lag: lag.as_secs_f64(),
    })
}

/// Calls `see` for each poll and each log that its client reads, with the number of the poll's entry, its lag, the time
/// at which it began, and the client.
fn look(entries: &Entries<'_>, mut see: impl FnMut(usize, Duration, Duration, Process, Key)) {
    let ends = ends(entries);
    let mut clients = Clients::<Offsets>::default();
    for (number, entry) in entries.list.iter().enumerate().filter(|(_, entry)| entry.op.kind == Kind::Ok) {
        let offsets = clients.of(entry.op.process);
        if let Some(assigned) = &entry.assigned {
            // A client that subscribes is told of its logs only when it polls.
            let assigned = assigned.iter().filter(|_| entry.op.f == "assign");
            *offsets = assigned.map(|key| (*key, offsets.get(key).copied().unwrap_or(-1))).collect();
        }
        if !matches!(&*entry.op.f, "poll" | "txn") {
            continue;
        }
        for (key, offset) in highest(entry) {
            let known = offsets.entry(key).or_insert(offset);
            *known = offset.max(*known);
        }
        let began = entry.invocation.map_or(entry.op.time, |place| entries.list[place].op.time);
        for (key, offset) in offsets {
            let lag = passed(&ends[*key], *offset).map_or(Duration::ZERO, |passed| began.saturating_sub(passed));
            see(number, lag, began, entry.op.process, *key);
        }
    }
}

/// The highest offset of each key that a transaction had to do with.
fn highest(entry: &Entry<'_>) -> Offsets {
    let mut highest = Offsets::default();
    // Where a log is empty a poll has -1, and a send of a negative offset 0.
    for (batch, least) in [(&entry.reads, -1), (&entry.sends, 0)] {
        for (key, pairs) in batch.iter().filter(|(_, pairs)| least < 0 || has_offset(pairs)) {
            let offset = pairs.iter().filter_map(|(offset, _)| *offset).fold(least, i64::max);
            let known = highest.entry(*key).or_insert(offset);
            *known = offset.max(*known);
        }
    }
    highest
}

fn has_offset(pairs: &Pairs) -> bool {
    pairs.iter().any(|(offset, _)| offset.is_some())
}

/// For each key the offsets that were known to exist, and since when: both ascend.
fn ends(entries: &Entries<'_>) -> Vec<Vec<(i64, Duration)>> {
    let mut ends: Vec<Vec<(i64, Duration)>> = vec![Vec::new(); entries.key_count()];
    for entry in entries.list.iter().filter(|entry| matches!(entry.op.kind, Kind::Ok | Kind::Info)) {
        for (key, offset) in highest(entry) {
            if offset > ends[key].last().map_or(-1, |(last, _)| *last) {
                ends[key].push((offset, entry.op.time));
            }
        }
    }
    ends
}

/// The time at which `offset` was known not to be the last one.
fn passed(ends: &[(i64, Duration)], offset: i64) -> Option<Duration> {
    let next = ends.partition_point(|(known, _)| *known <= offset);
    ends.get(next).map(|(_, since)| *since)
}
