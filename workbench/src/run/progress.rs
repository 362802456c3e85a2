//! The progress of a test, reported to an observer, and the observer's decision: go on, end early, or end at once.
//!
//! The engine makes about a million steps a second, so a simulated test reports once in [`STEPS`] steps; every other
//! step costs one comparison. A hosted test mostly waits, so it reports every [`PAUSE`]. The counts come from the
//! history alone, and each report reads only the new entries.

use crate::engine::world::PAUSE;
use glomers_checkers::history::{History, Kind, Process, faults::step};
use std::ops::ControlFlow;
use std::time::Duration;

/// The number of steps between two reports of a simulated test.
const STEPS: u32 = 1024;

/// The time that running operations get when a test ends early.
const GRACE: Duration = Duration::from_secs(1);

/// The stage of a test.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Ord, PartialOrd)]
pub enum Stage {
    /// Nodes receive their ids and the messages that the workload sends before the first operation.
    #[default]
    Setup,
    /// Clients and nemesis work.
    Work,
    /// The healed network rests.
    Recovery,
    /// Clients do their last operations.
    FinalOperations,
    /// The nodes are gone, and the checkers judge.
    Checking,
}

/// The progress of a test.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The current stage.
    pub stage: Stage,
    /// The number of operations that have begun.
    pub begun: usize,
    /// The number of operations that succeeded.
    pub ok: usize,
    /// The number of operations that failed: they did not happen and never will.
    pub failed: usize,
    /// The number of operations whose outcome is unknown.
    pub unknown: usize,
    /// The number of messages sent.
    pub messages: u64,
    /// The faults in force, by the names that begin them in the history: `partition`.
    pub faults: Vec<String>,
    /// Time since the first operation could begin: virtual, or real with hosted nodes.
    pub elapsed: Duration,
    /// The end of this stage, counted like [`elapsed`](Self::elapsed); `None` if it depends on the nodes.
    pub until: Option<Duration>,
}

/// The way in which an observer ends a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// The test ends early: no new operations start; running ones get one second. The network heals and rests if faults
    /// were in force, the final operations run, and the checkers judge the history.
    Early,
    /// The test ends at once, without a verdict.
    Now,
}

/// A function that receives the progress of a test from time to time.
pub(crate) type Observer<'a> = Box<dyn FnMut(&Progress) -> ControlFlow<Stop> + 'a>;

/// Reports a test to its observer and keeps the observer's decision.
pub(crate) struct Watch<'a> {
    observer: Option<Observer<'a>>,
    /// The number of steps since the last report.
    steps: u32,
    /// The time of the next report, with hosted nodes.
    next: Duration,
    progress: Progress,
    /// The number of history entries counted so far.
    counted: usize,
    /// The time from which no operation may begin.
    halted: Option<Duration>,
    stopped: Option<Duration>,
    aborted: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(observer: Option<Observer<'a>>) -> Self {
        let (progress, halted, stopped, aborted) = (Progress::default(), None, None, false);
        Self { observer, steps: 0, next: Duration::ZERO, progress, counted: 0, halted, stopped, aborted }
    }

    /// Tells whether a report is due.
    pub(crate) fn is_due(&mut self, is_hosted: bool, now: Duration) -> bool {
        if is_hosted {
            return now >= self.next;
        }
        self.steps += 1;
        self.steps >= STEPS
    }

    /// Enters another stage, in which operations may begin again.
    pub(crate) fn enter(&mut self, stage: Stage, until: Option<Duration>) {
        (self.progress.stage, self.progress.until) = (stage, until);
        (self.halted, self.next) = (None, Duration::ZERO);
    }

    /// Reports the test to the observer.
    pub(crate) fn look(&mut self, history: &History, messages: u64, now: Duration) {
        (self.steps, self.next) = (0, now + PAUSE);
        let Some(observer) = &mut self.observer else { return };
        self.progress.count(&history.ops()[self.counted..]);
        self.counted = history.ops().len();
        (self.progress.messages, self.progress.elapsed) = (messages, now);
        match observer(&self.progress) {
            ControlFlow::Continue(()) => {}
            // The observer may repeat it; the first time counts.
            ControlFlow::Break(Stop::Early) if self.stopped.is_some() => {}
            ControlFlow::Break(Stop::Early) => (self.stopped, self.halted) = (Some(now), Some(now)),
            ControlFlow::Break(Stop::Now) => (self.aborted, self.halted) = (true, Some(now)),
        }
    }

    /// The time at which the test was stopped early.
    pub(crate) fn stopped(&self) -> Option<Duration> {
        self.stopped
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// Tells whether no operation may begin.
    pub(crate) fn is_halted(&self) -> bool {
        self.aborted || self.halted.is_some()
    }

    /// The time at which running operations are cut off; `None` if they may end by themselves.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.halted.map(|halted| if self.aborted { Duration::ZERO } else { halted + GRACE })
    }
}

impl Progress {
    fn count(&mut self, ops: &[crate::history::Op]) {
        for op in ops {
            match (op.process, op.kind) {
                (Process::Nemesis, _) => self.note_fault(&op.f),
                (_, Kind::Invoke) => self.begun += 1,
                (_, Kind::Ok) => self.ok += 1,
                (_, Kind::Fail) => self.failed += 1,
                (_, Kind::Info) => self.unknown += 1,
            }
        }
    }

    fn note_fault(&mut self, f: &str) {
        let (fault, begins) = step(f);
        if !begins {
            self.faults.retain(|known| known != fault);
        } else if !self.faults.iter().any(|known| known == fault) {
            self.faults.push(fault.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_checkers::history::Op;
    use glomers_protocol::Json;

    fn op(process: Process, kind: Kind, f: &'static str) -> Op {
        Op::new(Duration::ZERO, process, kind, f, Json::null())
    }

    #[test]
    fn entries_are_counted_once() {
        let mut seen = Vec::new();
        let mut observer = |progress: &Progress| {
            seen.push((progress.begun, progress.ok, progress.failed, progress.unknown, progress.faults.join(" ")));
            ControlFlow::Continue(())
        };
        let mut watch = Watch::new(Some(Box::new(&mut observer)));
        let mut history = History::default();
        let client = Process::Client(0);
        for step in [
            [op(client, Kind::Invoke, "read"), op(Process::Nemesis, Kind::Info, "start-partition")],
            [op(client, Kind::Ok, "read"), op(Process::Nemesis, Kind::Info, "kill")],
            [op(client, Kind::Fail, "read"), op(Process::Nemesis, Kind::Info, "stop-partition")],
            [op(client, Kind::Info, "read"), op(Process::Nemesis, Kind::Info, "start")],
        ] {
            step.into_iter().for_each(|op| _ = history.push(op));
            watch.look(&history, 0, Duration::ZERO);
        }
        let row = |begun, ok, failed, unknown, faults: &str| (begun, ok, failed, unknown, faults.to_owned());
        drop(watch);
        let expected = [
            row(1, 0, 0, 0, "partition"),
            row(1, 1, 0, 0, "partition kill"),
            row(1, 1, 1, 0, "kill"),
            row(1, 1, 1, 1, ""),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_stop_counts_from_its_first_word() {
        let mut words = [
            ControlFlow::Continue(()),
            ControlFlow::Break(Stop::Early),
            ControlFlow::Break(Stop::Early),
            ControlFlow::Break(Stop::Now),
        ]
        .into_iter();
        let mut observer = |_: &Progress| words.next().unwrap();
        let mut watch = Watch::new(Some(Box::new(&mut observer)));
        let mut look = |second| {
            watch.look(&History::default(), 0, Duration::from_secs(second));
            (watch.stopped().map(|at| at.as_secs()), watch.deadline().map(|at| at.as_secs()), watch.is_aborted())
        };
        assert_eq!(look(1), (None, None, false));
        assert_eq!(look(2), (Some(2), Some(3), false));
        assert_eq!(look(3), (Some(2), Some(3), false));
        assert_eq!(look(4), (Some(2), Some(0), true));
    }
}
