//! The times at which operations are due, and those that were due and did not begin.
//!
//! Jepsen's `stagger` draws the time from one operation to the next evenly between zero and twice the mean. An
//! operation is due when that time is over, a client is free and the generator has one to give. What does not begin
//! then is lost: [`Load`] counts it at the mean rate. So a test that ends early, or begins nothing for a while, shows
//! it, and a test whose clients are all waiting for answers is told apart from it.

use crate::run::{load::Load, session::Session};
use std::time::Duration;

/// The delay of real clocks that is made up by an earlier next operation, so that the rate is kept.
const LATE: Duration = Duration::from_millis(10);

/// The times between operations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Interval {
    /// Random, with this mean.
    Mean(Duration),
    /// None: each operation as soon as a client is free.
    None,
    /// No operations; one client sleeps until the end (Maelstrom: `core.clj`, for a rate of 0).
    Sleep,
}

/// The times at which operations are due.
pub(crate) struct Pace {
    interval: Interval,
    /// The time that was drawn for the next operation.
    next: Duration,
    /// The time since which the next operation could begin, as far as clients and generator are concerned.
    able: Duration,
    /// The time since which no client is free.
    busy: Option<Duration>,
    /// The time limit; what happens later does not count.
    end: Option<Duration>,
    /// The time for which an operation was due and did not begin.
    lost: Duration,
    load: Load,
}

impl Pace {
    /// Operations from `now` until `end`.
    pub(crate) fn new(interval: Interval, now: Duration, end: Option<Duration>) -> Self {
        Self { interval, next: now, able: now, busy: None, end, lost: Duration::ZERO, load: Load::default() }
    }

    /// Tells whether a client sleeps instead of doing operations.
    pub(crate) fn sleeps(&self) -> bool {
        self.interval == Interval::Sleep
    }

    /// The time of the next operation.
    pub(crate) fn next(&self) -> Option<Duration> {
        (!self.sleeps()).then_some(self.next)
    }

    /// Takes note that an operation has begun.
    pub(crate) fn begin(&mut self, session: &mut Session<'_>) {
        let now = session.now();
        self.load.begun += 1;
        if let Interval::Mean(mean) = self.interval {
            let late = now.saturating_sub(self.next.max(self.able));
            let from = if session.world.is_hosted() && late <= LATE { now - late } else { now };
            self.lost += late - (now - from);
            self.next = from + session.stagger(mean);
        }
    }

    /// Takes note of whether a client is free.
    pub(crate) fn observe(&mut self, is_any_free: bool, now: Duration) {
        let now = self.end.map_or(now, |end| now.min(end));
        match self.busy {
            None if !is_any_free => self.busy = Some(now),
            Some(since) if is_any_free => {
                self.load.no_client_free += now.saturating_sub(since);
                self.busy = None;
                self.able = now;
            }
            _ => {}
        }
    }

    /// Takes note that the generator has nothing to give.
    pub(crate) fn decline(&mut self, now: Duration) {
        self.able = self.able.max(now);
    }

    /// The load until `end`; `declined`: the generator had nothing to give then.
    pub(crate) fn load(&self, end: Duration, declined: bool) -> Load {
        let (mut load, mut lost) = (self.load, self.lost);
        match self.busy {
            Some(since) => load.no_client_free += end.saturating_sub(since),
            None if !declined => lost += end.saturating_sub(self.next.max(self.able)),
            None => {}
        }
        if let Interval::Mean(mean) = self.interval {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of operations")]
            let missed = (lost.as_secs_f64() / mean.as_secs_f64()).round() as usize;
            load.due = load.begun + missed;
        } else {
            load.due = load.begun;
        }
        load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn paced() -> Pace {
        Pace::new(Interval::Mean(millis(100)), Duration::ZERO, Some(millis(1000)))
    }

    #[test]
    fn what_does_not_begin_is_lost_at_the_mean_rate() {
        let load = paced().load(millis(1000), false);
        assert_eq!((load.begun, load.due), (0, 10));
        assert!(load.is_short());
    }

    #[test]
    fn nothing_is_due_while_no_client_is_free() {
        let mut pace = paced();
        pace.observe(false, Duration::ZERO);
        pace.observe(true, millis(700));
        assert_eq!(pace.load(millis(1000), false), Load { begun: 0, due: 3, no_client_free: millis(700) });
        pace.observe(false, millis(700));
        assert_eq!(pace.load(millis(1000), false), Load { begun: 0, due: 0, no_client_free: millis(1000) });
        pace.observe(true, millis(5000));
        assert_eq!(pace.load(millis(1000), false), Load { begun: 0, due: 0, no_client_free: millis(1000) });
    }

    #[test]
    fn nothing_is_due_while_the_generator_has_nothing() {
        let mut pace = paced();
        pace.decline(millis(600));
        assert_eq!(pace.load(millis(1000), false).due, 4);
        assert_eq!(pace.load(millis(1000), true).due, 0);
    }

    #[test]
    fn four_in_five_are_enough() {
        let short = |begun, due| Load { begun, due, no_client_free: Duration::ZERO }.is_short();
        assert_eq!((short(79, 100), short(80, 100), short(0, 0)), (true, false, false));
    }
}
