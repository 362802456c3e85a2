//! Who waits until when: tasks that sleep, and tickers. They are kept by deadline and, at the same deadline, in the order in
//! which they came.

use crate::ticker::Ticker;
use std::{collections::BTreeMap, rc::Rc, task::Waker, time::Duration};

/// A timer's place: its deadline and a number that tells equal deadlines apart.
pub(crate) type TimerKey = (Duration, u64);

#[derive(Default)]
pub(crate) struct Timers {
    waiting: BTreeMap<TimerKey, Waiter>,
    issued: u64,
}

pub(crate) enum Waiter {
    Task(Waker),
    Ticker(Rc<Ticker>),
}

impl Timers {
    /// A new place among those who wait for `deadline`.
    pub(crate) fn key(&mut self, deadline: Duration) -> TimerKey {
        self.issued += 1;
        (deadline, self.issued)
    }

    pub(crate) fn wait(&mut self, key: TimerKey, waiter: Waiter) {
        self.waiting.insert(key, waiter);
    }

    pub(crate) fn forget(&mut self, key: TimerKey) {
        self.waiting.remove(&key);
    }

    /// The earliest deadline anyone waits for.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// The first of those whose deadline is `now` or earlier; it waits no longer.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Waiter> {
        self.waiting.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove())
    }
}
