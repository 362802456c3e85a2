//! The times at which messages arrived, found by their numbers. A test numbers its messages in the order in which they
//! were sent, so the times are a list without gaps; only a file from elsewhere needs more.

use crate::messages::Messages;
use indexmap::IndexMap;
use std::io;

/// Nanoseconds since the first operation could begin; negative during setup. In [`Arrivals`], since the network was set up.
pub(super) type Time = i64;

/// A time in the form of the page, which ends after 292 years.
pub(super) fn time(nanos: u128) -> Time {
    Time::try_from(nanos).unwrap_or(Time::MAX)
}

/// The time of a message that has not arrived.
const NEVER: Time = Time::MAX;

/// The time of each message's first arrival, and those of the first and last event.
pub(super) struct Arrivals {
    /// The number of the first message in `times`.
    first: u64,
    times: Vec<Time>,
    /// The times of messages with other numbers.
    others: IndexMap<u64, Time>,
    ends: Option<[Time; 2]>,
}

impl Arrivals {
    /// Reads all messages.
    pub(super) fn of(messages: Messages<'_>) -> io::Result<Self> {
        let mut all = Self { first: 0, times: Vec::new(), others: IndexMap::new(), ends: None };
        messages.each(|entry| {
            let moment = time(entry.time.into());
            let [least, most] = all.ends.unwrap_or([moment; 2]);
            all.ends = Some([least.min(moment), most.max(moment)]);
            if entry.received {
                let first = all.place(entry.id);
                *first = moment.min(*first);
            } else if all.times.is_empty() {
                (all.first, all.times) = (entry.id, vec![NEVER]);
            } else if entry.id.checked_sub(all.first) == Some(all.times.len() as u64) {
                all.times.push(NEVER);
            }
        })?;
        Ok(all)
    }

    fn index(&self, id: u64) -> Option<usize> {
        let index = usize::try_from(id.checked_sub(self.first)?).ok()?;
        (index < self.times.len()).then_some(index)
    }

    fn place(&mut self, id: u64) -> &mut Time {
        match self.index(id) {
            Some(index) => &mut self.times[index],
            None => self.others.entry(id).or_insert(NEVER),
        }
    }

    /// The time at which a message first arrived, if it did.
    pub(super) fn of_message(&self, id: u64) -> Option<Time> {
        // A message may have arrived before the list began.
        let listed = self.index(id).map(|index| self.times[index]);
        let other = self.others.get(&id).copied();
        listed.into_iter().chain(other).min().filter(|time| *time != NEVER)
    }

    /// The times of the first and last event.
    pub(super) fn ends(&self) -> Option<[Time; 2]> {
        self.ends
    }
}
