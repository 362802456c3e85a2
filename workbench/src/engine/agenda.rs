//! The agenda: what happens next, and when.

use crate::engine::{inbox::InFlight, participant::ParticipantId};
use glomers_protocol::NodeId;
use std::{cmp::Ordering, collections::BinaryHeap, time::Duration};

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
#[derive(Default)]
pub(crate) struct Agenda {
    planned: BinaryHeap<Planned>,
    count: u64,
}

struct Planned {
    time: Duration,
    number: u64,
    occurrence: Occurrence,
}

impl Agenda {
    pub(crate) fn plan(&mut self, time: Duration, occurrence: Occurrence) {
        self.count += 1;
        self.planned.push(Planned { time, number: self.count, occurrence });
    }

    /// The time of the next occurrence.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        self.planned.peek().map(|planned| planned.time)
    }

    pub(crate) fn pop(&mut self) -> Option<Occurrence> {
        self.planned.pop().map(|planned| planned.occurrence)
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
