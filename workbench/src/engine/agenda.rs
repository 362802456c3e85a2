//! The agenda: what happens next, and when.

use crate::engine::{inbox::InFlight, participant::ParticipantId};
use glomers_protocol::NodeId;
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// Something that happens at a planned time.
#[derive(Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum Occurrence {
    /// The message that a participant holds is due.
    Due(ParticipantId),
    /// A participant's deadline is reached.
    Alarm(ParticipantId),
    /// A message that a fault delayed comes to its receiver's inbox.
    Arrival(NodeId, InFlight),
}

/// Planned occurrences, by time. Those of the same moment come in the order in which they were planned, so a seed fixes
/// the order of everything.
#[derive(Default)]
pub(crate) struct Agenda {
    planned: BinaryHeap<Reverse<(Duration, u64, Occurrence)>>,
    count: u64,
}

impl Agenda {
    pub(crate) fn plan(&mut self, time: Duration, occurrence: Occurrence) {
        self.count += 1;
        self.planned.push(Reverse((time, self.count, occurrence)));
    }

    /// The time of the next occurrence.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        self.planned.peek().map(|Reverse((time, ..))| *time)
    }

    pub(crate) fn pop(&mut self) -> Option<Occurrence> {
        self.planned.pop().map(|Reverse((.., occurrence))| occurrence)
    }
}
