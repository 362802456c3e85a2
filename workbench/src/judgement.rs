//! All that the checkers say of a history, whether it was made here or recorded elsewhere.

use crate::{
    checker::{
        availability::{self, Availability},
        exceptions::{self, Exceptions},
        stats::{self, Stats},
        suspicion::Suspicions,
    },
    history::History,
    options::Options,
    validity::Validity,
    workload::{Verdict, Workload},
};
use serde_json::{Value, json};
use std::fmt;

/// The verdicts on a history.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// How many operations ended, and how.
    pub stats: Stats,
    /// Which part of them succeeded.
    pub availability: Availability,
    /// What clients could make nothing of.
    pub exceptions: Exceptions,
    /// The workload's own verdict: Maelstrom's.
    pub verdict: Verdict,
    /// What Maelstrom does not look for.
    pub suspicions: Suspicions,
    /// Whether suspicions count.
    pub strict: bool,
}

impl Judgement {
    /// Judges a history. Of the options, the availability, the consistency models and
    /// [`strict`](Options::strict) matter.
    pub fn of(workload: &dyn Workload, history: &History, options: &Options) -> Self {
        Self {
            stats: stats::check(history),
            availability: availability::check(history, options.availability),
            exceptions: exceptions::check(history),
            verdict: workload.check(history, options),
            suspicions: Suspicions::new(workload.suspect(history, options)),
            strict: options.strict,
        }
    }

    /// The gravest of the verdicts.
    pub fn valid(&self) -> Validity {
        let compatible = self.stats.valid.max(self.availability.valid).max(self.verdict.valid);
        if self.strict { compatible.max(self.suspicions.valid) } else { compatible }
    }

    /// All results, with Maelstrom's key names; what it does not look for is under `strict`.
    pub fn results(&self) -> Value {
        json!({
            "stats": self.stats,
            "availability": self.availability,
            "exceptions": self.exceptions,
            "workload": self.verdict,
            "strict": self.suspicions,
            "valid?": self.valid(),
        })
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.stats.all;
        writeln!(f, "{} ({} of {} operations ok)", self.valid(), counts.ok_count, counts.count)?;
        writeln!(f, "availability: {} ({})", self.availability.valid, self.availability.ok_fraction)?;
        write!(f, "checker: {} {:#}", self.verdict.valid, self.verdict.findings)?;
        if self.suspicions.valid != Validity::Valid {
            let role = if self.strict { "" } else { ", which only --strict counts" };
            write!(f, "\nbeyond Maelstrom's verdict{role}:{}", self.suspicions)?;
        }
        Ok(())
    }
}
