//! The work that a search may do and the memory that it may hold.
//!
//! Both are counted, not measured: the same history ends the same way on every machine.

use std::fmt;

/// The limits of a check, all parts of the history together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Budget {
    /// The configurations that may be examined. They are shared among the parts.
    pub steps: u64,
    /// The configurations and states that may be held at once. One takes 100 to 200 bytes with up to 64 operations at
    /// once, and a state what the model's states take.
    pub entries: usize,
}

impl Default for Budget {
    /// 50 million steps and a million entries.
    fn default() -> Self {
        Self { steps: 50_000_000, entries: 1_000_000 }
    }
}

impl Budget {
    /// The same budget with other steps.
    #[must_use]
    pub fn with_steps(self, steps: u64) -> Self {
        Self { steps, ..self }
    }

    /// The same budget with other entries.
    #[must_use]
    pub fn with_entries(self, entries: usize) -> Self {
        Self { entries, ..self }
    }
}

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
