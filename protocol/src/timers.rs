//! The timers of a node, ordered by deadline and, at the same deadline, by the order in which they were set.

use std::{collections::BTreeMap, time::Duration};

/// A timer's position: its deadline, and a number that tells equal deadlines apart.
pub(crate) type TimerKey = (Duration, u64);

/// Timers that wake a `W` each.
pub(crate) struct Timers<W> {
    waiting: BTreeMap<TimerKey, W>,
    issued: u64,
}

impl<W> Default for Timers<W> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), issued: 0 }
    }
}

impl<W> Timers<W> {
    /// A new position for `deadline`, behind all that were issued for the same time.
    pub(crate) fn key(&mut self, deadline: Duration) -> TimerKey {
        self.issued += 1;
        (deadline, self.issued)
    }

    pub(crate) fn wait(&mut self, key: TimerKey, waiter: W) {
        self.waiting.insert(key, waiter);
    }

    pub(crate) fn forget(&mut self, key: TimerKey) {
        self.waiting.remove(&key);
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// Removes and returns the first timer whose deadline is `now` or earlier.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<W> {
        self.waiting.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove())
    }
}
