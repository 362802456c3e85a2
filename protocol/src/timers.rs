//! The timers of a node, ordered by deadline and, at the same deadline, by the order in which they were set.

use std::{cmp::Ordering, collections::VecDeque, time::Duration};

/// A timer's position: its deadline, and a number that tells equal deadlines apart.
pub(crate) type TimerKey = (Duration, u64);

/// Timers that wake a `W` each.
///
/// Most are set for a later time than all others, and taken as the first. So they are in a queue, not in a tree.
pub(crate) struct Timers<W> {
    waiting: VecDeque<(TimerKey, W)>,
    issued: u64,
}

impl<W> Default for Timers<W> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), issued: 0 }
    }
}

impl<W> Timers<W> {
    /// A new position for `deadline`, behind all that were issued for the same time.
    pub(crate) fn key(&mut self, deadline: Duration) -> TimerKey {
        self.issued += 1;
        (deadline, self.issued)
    }

    pub(crate) fn wait(&mut self, key: TimerKey, waiter: W) {
        match self.place(key) {
            Ok(place) => self.waiting[place].1 = waiter,
            Err(place) => self.waiting.insert(place, (key, waiter)),
        }
    }

    pub(crate) fn forget(&mut self, key: TimerKey) {
        if let Ok(place) = self.place(key) {
            self.waiting.remove(place);
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.waiting.front().map(|((deadline, _), _)| *deadline)
    }

    /// Removes and returns the first timer whose deadline is `now` or earlier.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<W> {
        self.next().filter(|deadline| *deadline <= now)?;
        self.waiting.pop_front().map(|(_, waiter)| waiter)
    }

    /// The place of the timer with this key, or the one where it belongs.
    fn place(&self, key: TimerKey) -> Result<usize, usize> {
        match self.waiting.back().map(|(last, _)| last.cmp(&key)) {
            None | Some(Ordering::Less) => Err(self.waiting.len()),
            Some(_) => self.waiting.binary_search_by(|(other, _)| other.cmp(&key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_due_in_the_order_of_their_deadlines() {
        let mut timers = Timers::default();
        let keys = [3, 1, 2, 1, 3].map(|deadline| timers.key(Duration::from_secs(deadline)));
        for (key, name) in keys.into_iter().zip('a'..) {
            timers.wait(key, name);
        }
        timers.wait(keys[2], 'C');
        timers.forget(keys[0]);
        timers.forget(keys[0]);
        let mut due = |seconds| timers.take_due(Duration::from_secs(seconds));
        assert_eq!([due(0), due(1), due(3), due(1), due(2), due(2), due(3), due(3)], {
            [None, Some('b'), Some('d'), None, Some('C'), None, Some('e'), None]
        });
    }
}
