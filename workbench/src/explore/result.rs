//! The result of an exploration: the counts of schedules, and the counterexample if one is wrong.

use crate::{
    explore::{exploration::Mode, schedule::Schedule, text::grouped},
    run::report::Report,
};
use glomers_checkers::validity::Validity;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::fmt;

/// The number of lines of the rest of a counterexample that are shown.
const SHOWN: usize = 30;

/// Counts of an exploration, so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// The number of schedules that were executed to their end and judged.
    pub schedules: u64,
    /// The number of schedules that were begun and broken off, because they differ from another one only in the order of
    /// independent steps.
    pub repetitions: u64,
    /// The number of steps of both.
    pub steps: u64,
    /// The number of steps of the longest schedule.
    pub longest: usize,
    /// The number of sequences of steps (clients, links, timers) that schedules interleave, in random modes.
    pub processes: usize,
}

/// The result of an exploration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explored {
    /// The workload's name.
    pub workload: &'static str,
    /// The way in which schedules were chosen.
    pub mode: Mode,
    /// The operations, each with the client that begins it.
    pub program: Vec<String>,
    /// The counts.
    pub tally: Tally,
    /// True if every schedule within the bounds was judged.
    pub is_complete: bool,
    /// A schedule that is wrong; the smallest that was found.
    pub counterexample: Option<Counterexample>,
}

/// A schedule with something wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// The schedule, which repeats it.
    pub schedule: Schedule,
    /// The number of schedules that were judged until it was found.
    pub after: u64,
    /// The kind of what is wrong: that of a finding, or the name of an invariant.
    pub kind: String,
    /// The reason why it is wrong.
    pub explanation: String,
    /// Its steps in words.
    pub steps: Vec<String>,
    /// The messages that arrived by time, after the steps.
    pub rest: Vec<String>,
    /// The report on it, as of a test.
    pub report: Report,
}

impl Explored {
    /// Tells whether nothing wrong was found.
    pub fn is_valid(&self) -> bool {
        self.counterexample.is_none()
    }

    /// The same as a verdict.
    pub fn valid(&self) -> Validity {
        Validity::from_valid(self.is_valid())
    }

    /// The least probability that one schedule shows a mistake for which `depth` certain steps must come in a certain order,
    /// if the mode is [`Mode::Pct`]. It counts the steps of the longest schedule so far, and no faults.
    pub fn bound(&self) -> Option<f64> {
        let Mode::Pct { depth } = self.mode else { return None };
        #[expect(clippy::cast_precision_loss, reason = "schedules have few steps")]
        let (count, steps) = (self.tally.processes.max(1) as f64, self.tally.longest.max(1) as f64);
        Some(1.0 / (count * steps.powi(i32::try_from(depth.saturating_sub(1)).unwrap_or(i32::MAX))))
    }

    /// The least probability that all schedules together show such a mistake.
    pub fn bound_of_all(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let schedules = self.tally.schedules as f64;
        self.bound().map(|bound| 1.0 - (1.0 - bound).powf(schedules))
    }
}

impl Serialize for Explored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Tally { schedules, repetitions, steps, longest, .. } = self.tally;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("valid?", &self.valid())?;
        map.serialize_entry("workload", self.workload)?;
        map.serialize_entry("mode", self.mode.name())?;
        map.serialize_entry("complete?", &self.is_complete)?;
        map.serialize_entry("schedules", &schedules)?;
        map.serialize_entry("repetitions", &repetitions)?;
        map.serialize_entry("steps", &steps)?;
        map.serialize_entry("longest", &longest)?;
        map.serialize_entry("operations", &self.program)?;
        if let Some(bound) = self.bound() {
            map.serialize_entry("bound", &bound)?;
        }
        if let Some(counterexample) = &self.counterexample {
            map.serialize_entry("counterexample", counterexample)?;
        }
        map.end()
    }
}

impl Serialize for Counterexample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("explanation", &self.explanation)?;
        map.serialize_entry("after", &self.after)?;
        map.serialize_entry("schedule", &self.schedule.to_string())?;
        map.serialize_entry("steps", &self.steps)?;
        map.serialize_entry("rest", &self.rest)?;
        map.serialize_entry("results", &self.report)?;
        map.end()
    }
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schedules = grouped(self.tally.schedules);
        match (&self.counterexample, self.mode, self.is_complete) {
            (Some(found), ..) => write!(f, "{}: invalid, found by schedule {}", self.workload, grouped(found.after))?,
            (None, Mode::All, true) => {
                write!(f, "{}: explored all {schedules} schedules; none is wrong", self.workload)?
            }
            (None, Mode::All, false) => {
                write!(f, "{}: explored {schedules} schedules, not all of them; none is wrong", self.workload)?;
            }
            (None, mode, _) => {
                write!(f, "{}: explored {schedules} schedules, chosen by {mode}; none is wrong", self.workload)?;
            }
        }
        let longest = self.tally.longest;
        write!(f, "\nsteps: {longest} in the longest schedule")?;
        if self.tally.repetitions > 0 {
            write!(f, "; {} more schedules were broken off as repetitions", grouped(self.tally.repetitions))?;
        }
        if let (Some(bound), Some(all), Mode::Pct { depth }) = (self.bound(), self.bound_of_all(), self.mode) {
            write!(
                f,
                "\nbound: a mistake for which {depth} steps must come in a certain order shows in each schedule with a \
                 probability of at least {bound:.2e}, and in one of these with at least {all:.3}"
            )?;
        }
        write!(f, "\noperations:")?;
        self.program.iter().try_for_each(|operation| write!(f, "\n  {operation}"))?;
        match &self.counterexample {
            Some(found) => write!(f, "\n\n{found}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.explanation)?;
        if self.steps.is_empty() {
            write!(f, "\nno choice is needed: it shows when everything happens by time")?;
        } else {
            write!(f, "\nsteps:")?;
        }
        for (number, step) in (1..).zip(&self.steps) {
            write!(f, "\n  {number:>3}  {step}")?;
        }
        if !self.rest.is_empty() {
            write!(f, "\nthen by time:")?;
            self.rest.iter().take(SHOWN).try_for_each(|line| write!(f, "\n       {line}"))?;
        }
        if self.rest.len() > SHOWN {
            write!(f, "\n       \u{2026} and {} more messages", self.rest.len() - SHOWN)?;
        }
        write!(f, "\nschedule: {}", self.schedule)
    }
}
