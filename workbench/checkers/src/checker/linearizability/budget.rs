//! The work that a search does and the memory that it holds, and the limits at which it ends.

use crate::budget::Budget;
use std::fmt;

/// The work that a check has done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Effort {
    /// The configurations that were examined.
    pub steps: u64,
    /// The most configurations and states that were held at once.
    pub entries: usize,
}

/// The limit that ended a search.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Budget::steps`], with the share of the part.
    Steps(u64),
    /// [`Budget::entries`].
    Entries(usize),
    /// The operations with a known end that may run at once; there is no setting for it.
    Concurrency(usize),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps(steps) => write!(f, "the budget of {steps} steps is used up"),
            Self::Entries(entries) => write!(f, "the budget of {entries} entries in memory is used up"),
            Self::Concurrency(most) => write!(f, "more than {most} operations run at once"),
        }
    }
}

/// Counts the effort of a search and ends it at a limit.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    effort: Effort,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, effort: Effort::default() }
    }

    /// A meter with the same memory and its own steps.
    pub(super) fn again(&self, steps: u64) -> Self {
        Self::new(self.budget.with_steps(steps))
    }

    pub(super) fn effort(&self) -> Effort {
        self.effort
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Limit> {
        self.effort.steps += steps;
        if self.effort.steps > self.budget.steps { Err(Limit::Steps(self.budget.steps)) } else { Ok(()) }
    }

    pub(super) fn hold(&mut self, entries: usize) -> Result<(), Limit> {
        self.effort.entries = self.effort.entries.max(entries.min(self.budget.entries));
        if entries > self.budget.entries { Err(Limit::Entries(self.budget.entries)) } else { Ok(()) }
    }
}
