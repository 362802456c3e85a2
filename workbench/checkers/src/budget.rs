//! The work that a check may do and the memory that it may hold.
//!
//! Both are counted, not measured: the same history ends the same way on every machine.

use std::{fmt, str::FromStr};

/// The steps that count as a second. On a virtual machine with 2.3 GHz, 50 million took 18 s.
const STEPS_PER_SECOND: u64 = 2_500_000;

/// The entries that count as a megabyte. With a million of them, a process took 444 MB.
const ENTRIES_PER_MEGABYTE: usize = 2000;

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

/// As it is given: `20s,500MB`. A second counts as 2.5 million steps and a megabyte as 2,000 entries, on every machine.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s,{}MB", self.steps / STEPS_PER_SECOND, self.entries / ENTRIES_PER_MEGABYTE)
    }
}

/// A text that is no budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a time, a memory or both, such as `60s,2GB`")]
pub struct ParseBudgetError;

/// As it is displayed, the memory also in `GB`. A part that is not there is that of the default.
///
/// ```
/// use glomers_checkers::budget::Budget;
///
/// assert_eq!("20s,500MB".parse(), Ok(Budget::default()));
/// assert_eq!("1GB".parse::<Budget>().unwrap().to_string(), "20s,1000MB");
/// assert_eq!("1m".parse::<Budget>().unwrap_err().to_string(), "expected a time, a memory or both, such as `60s,2GB`");
/// ```
impl FromStr for Budget {
    type Err = ParseBudgetError;

    fn from_str(text: &str) -> Result<Self, ParseBudgetError> {
        let mut budget = Self::default();
        for part in text.split(',') {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit) = part.split_at(digits);
            let number: usize = number.parse().ok().filter(|number| *number > 0).ok_or(ParseBudgetError)?;
            budget = match unit {
                "s" => budget.with_steps((number as u64).saturating_mul(STEPS_PER_SECOND)),
                "MB" => budget.with_entries(number.saturating_mul(ENTRIES_PER_MEGABYTE)),
                "GB" => budget.with_entries(number.saturating_mul(1000 * ENTRIES_PER_MEGABYTE)),
                _ => return Err(ParseBudgetError),
            };
        }
        Ok(budget)
    }
}
