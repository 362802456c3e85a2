//! Who waits until when. Wakers are kept by deadline and, at the same deadline, in the order in which they came.

use std::{collections::BTreeMap, task::Waker, time::Duration};

/// A timer's place: its deadline and a number that tells equal deadlines apart.
pub(crate) type TimerKey = (Duration, u64);

#[derive(Default)]
pub(crate) struct Timers {
    waiting: BTreeMap<TimerKey, Waker>,
    issued: u64,
}

impl Timers {
    /// A new place among those who wait for `deadline`.
    pub(crate) fn key(&mut self, deadline: Duration) -> TimerKey {
        self.issued += 1;
        (deadline, self.issued)
    }

    pub(crate) fn wait(&mut self, key: TimerKey, waker: Waker) {
        self.waiting.insert(key, waker);
    }

    pub(crate) fn forget(&mut self, key: TimerKey) {
        self.waiting.remove(&key);
    }

    /// The earliest deadline anyone waits for.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// Wakes everyone whose deadline is `now` or earlier.
    pub(crate) fn fire(&mut self, now: Duration) {
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now {
                break;
            }
            entry.remove().wake();
        }
    }
}
