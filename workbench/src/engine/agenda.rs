//! The agenda: what happens next, and when.

use crate::engine::{inbox::InFlight, participant::ParticipantId};
use glomers_protocol::NodeId;
use std::{cmp::Ordering, collections::BinaryHeap, time::Duration, vec::IntoIter};

/// Something that happens at a planned time.
pub(crate) enum Occurrence {
    /// The message that a participant holds is due.
    Due(ParticipantId),
    /// A participant's deadline is reached.
    Alarm(ParticipantId),
    /// A message that a fault delayed comes to its receiver's inbox. It is rare and large, so it is apart.
    Arrival(Box<(NodeId, InFlight)>),
}

/// Planned occurrences, by time. Those of the same moment come in the order in which they were planned, so a seed fixes
/// the order of everything.
///
/// Nodes that began together tick together, and plan their next ticks one after the other. What is planned in a row for the
/// same time is one entry of the heap, so the heap has a few entries, not one per node.
#[derive(Default)]
pub(crate) struct Agenda {
    planned: BinaryHeap<Planned>,
    /// The entry that was made last, to which the next occurrence may belong.
    last: Option<Planned>,
    /// The time of the entry that is happening, and the rest of it.
    current: Option<(Duration, IntoIter<Occurrence>)>,
    /// The number of entries that were made.
    count: u64,
}

/// Occurrences of the same time.
struct Planned {
    time: Duration,
    number: u64,
    first: Occurrence,
    more: Vec<Occurrence>,
}

impl Agenda {
    /// Plans an occurrence, at the time of the last one that happened or later.
    pub(crate) fn plan(&mut self, time: Duration, occurrence: Occurrence) {
        match &mut self.last {
            Some(last) if last.time == time => last.more.push(occurrence),
            last => {
                self.count += 1;
                let planned = Planned { time, number: self.count, first: occurrence, more: Vec::new() };
                self.planned.extend(last.replace(planned));
            }
        }
    }

    /// The time of the next occurrence.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        let next = || self.planned.peek().max(self.last.as_ref()).map(|planned| planned.time);
        self.current.as_ref().map(|(time, _)| *time).or_else(next)
    }

    pub(crate) fn pop(&mut self) -> Option<Occurrence> {
        if let Some(next) = self.current.as_mut().and_then(|(_, rest)| rest.next()) {
            self.current.take_if(|(_, rest)| rest.len() == 0);
            return Some(next);
        }
        let is_last = self.last.as_ref() > self.planned.peek();
        let Planned { time, first, more, .. } = if is_last { self.last.take() } else { self.planned.pop() }?;
        self.current = (!more.is_empty()).then(|| (time, more.into_iter()));
        Some(first)
    }
}

/// The first one is the greatest, as the heap wants it.
impl Ord for Planned {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.number).cmp(&(self.time, self.number))
    }
}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Planned {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes everything planned, and plans each number of `later` behind the one that it follows.
    fn order(agenda: &mut Agenda, later: &[(usize, u64, usize)]) -> Vec<(u64, usize)> {
        let mut order = Vec::new();
        while let Some(time) = agenda.next_time() {
            let Some(Occurrence::Alarm(id)) = agenda.pop() else { break };
            order.push((time.as_secs(), id));
            for (_, time, id) in later.iter().filter(|(behind, ..)| *behind == id) {
                agenda.plan(Duration::from_secs(*time), Occurrence::Alarm(*id));
            }
        }
        order
    }

    #[test]
    fn the_order_is_that_of_time_and_then_that_of_planning() {
        let mut agenda = Agenda::default();
        for (id, time) in [(0, 2), (1, 1), (2, 1), (3, 2), (4, 1), (5, 1), (6, 3)] {
            agenda.plan(Duration::from_secs(time), Occurrence::Alarm(id));
        }
        let later = [(1, 1, 7), (1, 2, 8), (4, 2, 9), (9, 2, 10), (6, 3, 11)];
        assert_eq!(order(&mut agenda, &later), {
            [(1, 1), (1, 2), (1, 4), (1, 5), (1, 7), (2, 0), (2, 3), (2, 8), (2, 9), (2, 10), (3, 6), (3, 11)]
        });
        assert_eq!(order(&mut agenda, &[]), []);
    }
}
