//! The index of a run's messages: when each was sent, when it arrived, how many bytes its text takes, and where it is in its file.
//! From this a page chooses the messages that it draws. A long run has millions of messages, so one takes ten bytes here. The index
//! is made while the messages are written, so the page reads only those that it draws.

use glomers_workbench::journal::Record;
use indexmap::IndexMap;

/// Nanoseconds since the first operation could begin; negative during setup. In an [`Index`], since the network was set up.
pub(crate) type Time = i64;

/// A time in the form of the page, which ends after 292 years.
pub(crate) fn time(nanos: u128) -> Time {
    Time::try_from(nanos).unwrap_or(Time::MAX)
}

/// The most bytes of a value or message in a page: as much as possible, if all of them fit, and otherwise the last of these.
pub(crate) const LIMITS: [usize; 3] = [4000, 1000, 250];

/// The bytes of a text in the page, where quotes and backslashes have a backslash.
pub(crate) fn cost(text: &str, limit: usize) -> usize {
    let text = &text.as_bytes()[..text.len().min(limit)];
    text.len() + text.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// The number of messages whose times share a base, and whose place in a file is kept.
pub(super) const BLOCK: usize = 64;

/// The messages of a run in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    sent: Times,
    numbers: Numbers,
    /// For each numbered message the time until it first arrived.
    delays: Delays,
    /// The first arrivals of messages with other numbers.
    others: IndexMap<u64, Time>,
    /// The bytes that each takes in a page with the first of the limits.
    costs: Vec<u16>,
    /// The places of those that take fewer with the others, and the bytes.
    long: Vec<(u32, [u16; LIMITS.len() - 1])>,
    /// The places of those that no page has as a whole, and their lengths.
    large: Vec<(u32, usize)>,
    ends: Option<[Time; 2]>,
    /// The place of each block in the file.
    offsets: Vec<u64>,
}

impl Index {
    /// The index of messages that are in memory.
    pub(super) fn of<'a>(records: impl Iterator<Item = Record<'a>>) -> Self {
        let mut index = Self::default();
        records.for_each(|record| index.add(record.time, record.received, record.id, record.message, 0));
        index
    }

    /// Adds a message that was sent, or received, and that is at `offset` of its file.
    pub(super) fn add(&mut self, nanos: u128, received: bool, id: u64, text: &str, offset: u64) {
        let moment = time(nanos);
        let [least, most] = self.ends.unwrap_or([moment; 2]);
        self.ends = Some([least.min(moment), most.max(moment)]);
        if received {
            return self.arrive(id, moment);
        }
        if self.costs.len().is_multiple_of(BLOCK) {
            self.offsets.push(offset);
        }
        if self.numbers.push(id) {
            self.delays.0.push(Delays::NEVER);
        }
        self.sent.push(moment);
        let cost = |limit| u16::try_from(cost(text, limit)).unwrap_or(u16::MAX);
        let whole = cost(LIMITS[0]);
        let place = u32::try_from(self.costs.len()).unwrap_or(u32::MAX);
        if text.len() > LIMITS[LIMITS.len() - 1] {
            self.long.push((place, [cost(LIMITS[1]), cost(LIMITS[2])]));
        }
        if text.len() > LIMITS[0] {
            self.large.push((place, text.len()));
        }
        self.costs.push(whole);
    }

    fn arrive(&mut self, id: u64, moment: Time) {
        let listed = self.numbers.listed(id);
        let delay =
            listed.and_then(|place| Some((place, u32::try_from(moment.checked_sub(self.sent.get(place))?).ok()?)));
        match delay {
            Some((place, delay)) if delay < Delays::NEVER => self.delays.0[place] = delay.min(self.delays.0[place]),
            _ => {
                let first = self.others.entry(id).or_insert(Time::MAX);
                *first = moment.min(*first);
            }
        }
    }

    /// The number of messages that were sent.
    pub(crate) fn len(&self) -> usize {
        self.costs.len()
    }

    /// The times at which a message was sent and, if it did, first arrived.
    pub(crate) fn times(&self, place: usize) -> (Time, Option<Time>) {
        let (sent, id) = (self.sent.get(place), self.numbers.get(place));
        let listed = self.numbers.listed(id).and_then(|place| Some(self.sent.get(place) + self.delays.get(place)?));
        let other = self.others.get(&id).copied().filter(|_| !self.others.is_empty());
        (sent, listed.into_iter().chain(other).min().filter(|time| *time != Time::MAX))
    }

    /// The bytes that a message takes in a page, for the limit at this place of [`LIMITS`].
    pub(crate) fn cost(&self, place: usize, limit: usize) -> u16 {
        let whole = self.costs[place];
        match limit.checked_sub(1).filter(|_| usize::from(whole) > LIMITS[LIMITS.len() - 1]) {
            Some(shorter) => found(&self.long, place).map_or(whole, |costs| costs[shorter]),
            None => whole,
        }
    }

    /// The bytes of a message's text, if no page has it as a whole.
    pub(super) fn length(&self, place: usize) -> Option<usize> {
        found(&self.large, place).copied()
    }

    /// The times of the first and last event.
    pub(crate) fn ends(&self) -> Option<[Time; 2]> {
        self.ends
    }

    /// The place of a block in the file.
    pub(super) fn offset(&self, block: usize) -> u64 {
        self.offsets[block]
    }
}

/// The value at a place, in a list that has few of them.
fn found<T>(list: &[(u32, T)], place: usize) -> Option<&T> {
    let place = u32::try_from(place).ok()?;
    list.binary_search_by_key(&place, |(place, _)| *place).ok().map(|found| &list[found].1)
}

/// Times that mostly follow each other closely.
#[derive(Clone, Debug, Default)]
struct Times {
    /// The first time of each block.
    bases: Vec<Time>,
    offsets: Vec<u32>,
    /// Those that are too far from their base.
    far: IndexMap<usize, Time>,
}

impl Times {
    fn push(&mut self, moment: Time) {
        let place = self.offsets.len();
        if place.is_multiple_of(BLOCK) {
            self.bases.push(moment);
        }
        let offset = moment.checked_sub(self.bases[place / BLOCK]).and_then(|offset| u32::try_from(offset).ok());
        if offset.is_none_or(|offset| offset == u32::MAX) {
            self.far.insert(place, moment);
        }
        self.offsets.push(offset.unwrap_or(u32::MAX));
    }

    fn get(&self, place: usize) -> Time {
        match self.offsets[place] {
            u32::MAX => self.far[&place],
            offset => self.bases[place / BLOCK] + Time::from(offset),
        }
    }
}

/// The numbers of messages. A test numbers them in the order in which they were sent, so the list has no gaps; only a file from
/// elsewhere needs more.
#[derive(Clone, Debug, Default)]
struct Numbers {
    first: u64,
    /// The messages that are numbered without a gap.
    count: usize,
    /// The numbers of those behind.
    rest: Vec<u64>,
}

impl Numbers {
    /// Adds a number. Returns true if it follows those before without a gap.
    fn push(&mut self, id: u64) -> bool {
        if self.count == 0 {
            self.first = id;
        }
        let follows = self.rest.is_empty() && id.checked_sub(self.first) == Some(self.count as u64);
        if follows {
            self.count += 1;
        } else {
            self.rest.push(id);
        }
        follows
    }

    fn get(&self, place: usize) -> u64 {
        if place < self.count { self.first + place as u64 } else { self.rest[place - self.count] }
    }

    /// The place of a message among those without a gap.
    fn listed(&self, id: u64) -> Option<usize> {
        let place = usize::try_from(id.checked_sub(self.first)?).ok()?;
        (place < self.count).then_some(place)
    }
}

#[derive(Clone, Debug, Default)]
struct Delays(Vec<u32>);

impl Delays {
    /// The delay of a message that has not arrived, or that took longer than four seconds.
    const NEVER: u32 = u32::MAX;

    fn get(&self, place: usize) -> Option<Time> {
        Some(self.0[place]).filter(|delay| *delay != Self::NEVER).map(Time::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(events: &[(u128, bool, u64)]) -> Index {
        Index::of(events.iter().map(|(time, received, id)| Record::new(*time, *received, *id, "{}")))
    }

    fn times(index: &Index) -> Vec<(Time, Option<Time>)> {
        (0..index.len()).map(|place| index.times(place)).collect()
    }

    #[test]
    fn a_message_has_the_time_of_its_first_arrival() {
        let found = index(&[(5, false, 7), (6, false, 8), (9, true, 8), (9, true, 7), (12, true, 7), (20, false, 9)]);
        assert_eq!(times(&found), [(5, Some(9)), (6, Some(9)), (20, None)]);
        assert_eq!(found.ends(), Some([5, 20]));
        assert_eq!(index(&[]).ends(), None);
    }

    #[test]
    fn numbers_with_gaps_and_long_delays_are_no_less_exact() {
        let hour = 3_600_000_000_000;
        let found = index(&[
            (1, true, 9),
            (2, false, 3),
            (3, false, 9),
            (4, true, 9),
            (hour, false, 4),
            (hour + 1, true, 3),
            (2 * hour, false, 3),
            (3 * hour, true, 4),
        ]);
        let hour = 3_600_000_000_000;
        assert_eq!(
            times(&found),
            [(2, Some(hour + 1)), (3, Some(1)), (hour, Some(3 * hour)), (2 * hour, Some(hour + 1))]
        );
    }

    #[test]
    fn costs_are_those_of_the_limits() {
        let texts = ["", "\"\\", &"\"".repeat(300), &"x".repeat(5000)];
        let index = Index::of((0..).zip(texts).map(|(id, text)| Record::new(0, false, id, text)));
        for (number, limit) in LIMITS.into_iter().enumerate() {
            let expected = texts.map(|text| u16::try_from(cost(text, limit)).unwrap());
            assert_eq!([0, 1, 2, 3].map(|place| index.cost(place, number)), expected, "{limit}");
        }
        assert_eq!([0, 1, 2, 3].map(|place| index.length(place)), [None, None, None, Some(5000)]);
    }
}
