//! The moment from which on nodes must agree on a write.

use crate::history::{History, faults::periods};
use std::time::Duration;

/// The time that nodes may take to agree once there are no faults. Maelstrom gives them twice as long before the last
/// reads.
const AGREEMENT: Duration = Duration::from_secs(5);

/// The time from which on nodes must know of a write.
pub(crate) struct Agreement {
    /// The time at which each fault began, and the time at which all faults begun by then were over.
    faults: Vec<(Duration, Option<Duration>)>,
    grace: Duration,
}

impl Agreement {
    /// Nodes must agree some time after the write has ended and the faults are over.
    pub(crate) fn eventual(history: &History) -> Self {
        let mut over = Some(Duration::ZERO);
        let faults = periods(history).into_iter().map(|period| {
            over = over.zip(period.end).map(|(over, end)| over.max(end));
            (period.begin, over)
        });
        Self { faults: faults.collect(), grace: AGREEMENT }
    }

    /// Nodes must agree as soon as the write has ended.
    pub(crate) fn immediate() -> Self {
        Self { faults: Vec::new(), grace: Duration::ZERO }
    }

    /// Tells whether a read that begins at `read` must know of a write that ended at `write`.
    pub(crate) fn covers(&self, write: Duration, read: Duration) -> bool {
        let before = self.faults.partition_point(|(begin, _)| *begin <= read);
        let healed = match self.faults[..before].last() {
            None => Duration::ZERO,
            Some((_, Some(healed))) => *healed,
            Some((_, None)) => return false,
        };
        read >= write.max(healed) + self.grace
    }
}
