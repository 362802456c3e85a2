//! One part of a test: operations begin when the generator gives them, the rate allows it and a client is free; faults
//! begin and end in between (jepsen: `generator/interpreter.clj`).

use crate::{
    run::{nemesis::Cycles, test::Test},
    workload::generator::{Generator, Moment, Next},
};
use rand::RngExt;
use std::time::Duration;

/// How late real clocks may wake us and the next operation still begin as if they had not, so that the rate is kept.
const LATE: Duration = Duration::from_millis(10);

/// A part of a test in which one generator gives the operations.
pub(crate) struct Phase {
    pub(crate) generator: Box<dyn Generator>,
    /// How far operations are apart on average; `None`: as soon as they can be.
    pub(crate) interval: Option<Duration>,
    pub(crate) next_operation: Duration,
    /// Set while the generator has nothing to give: until something changes, or until then.
    pub(crate) waiting: Option<Option<Duration>>,
    /// Set when the generator has nothing more to give and no operation is outstanding.
    pub(crate) is_exhausted: bool,
    pub(crate) faults: Cycles,
    pub(crate) end: Option<Duration>,
}

impl Test<'_> {
    /// Runs a phase: begins operations until its generator has nothing more to give, or its time is up, and all have ended.
    /// The generator, which is given back, hears of the late ones, too. If the test is stopped, nobody waits for them long.
    pub(crate) fn drive(&mut self, mut phase: Phase) -> Box<dyn Generator> {
        while self.world.crash().is_none() && !self.watch.is_halted() && self.advance(&mut phase) {}
        while !self.workers.all_free() && self.observed_step(&mut phase, self.watch.patience()) {}
        if self.watch.is_halted() {
            self.workers.abandon(&mut self.world);
            self.complete();
        }
        phase.generator
    }

    /// Does the phase's next thing, or lets something happen before it is due; false if the phase is over.
    ///
    /// What would begin past the end does not begin. But the phase is not over as long as an operation is outstanding: a
    /// client that is free again may begin one before the end, even if all that was due while none was free, such as the
    /// next fault, lies past it (jepsen: `interpreter.clj` keeps the generator that had nothing, and asks it again).
    fn advance(&mut self, phase: &mut Phase) -> bool {
        let now = self.now();
        let at = self.next_of(phase);
        let has_ended = |time| phase.end.is_some_and(|end| time >= end);
        let is_idle = phase.is_exhausted || has_ended(now);
        if at.map_or(is_idle, has_ended) {
            // Without a rate, one client sleeps until the end (Maelstrom: `core.clj`).
            let sleeps = phase.interval.is_none() && phase.next_operation == Duration::MAX && !has_ended(now);
            return (sleeps || !self.workers.all_free()) && self.observed_step(phase, phase.end.filter(|_| sleeps))
                || sleeps;
        }
        let until = at.or(phase.end);
        if self.observed_step(phase, until) || self.watch.is_halted() {
            return true;
        }
        // In real time a fault may be overdue.
        let is_faults_turn = phase.faults.next().zip(at).is_some_and(|(fault, at)| fault <= at);
        if is_faults_turn {
            self.flip(&mut phase.faults);
        } else if at.is_some() {
            self.ask(phase);
        }
        until.is_some()
    }

    /// When the phase does something next by itself.
    fn next_of(&self, phase: &Phase) -> Option<Duration> {
        let now = self.now();
        let operation = match phase.waiting {
            None => Some(phase.next_operation),
            Some(until) => until.map(|until| until.max(phase.next_operation)),
        };
        let may_begin = !phase.is_exhausted && self.workers.any_free();
        let operation = operation.filter(|at| *at < Duration::MAX && may_begin);
        operation.into_iter().chain(phase.faults.next()).map(|at| at.max(now)).min()
    }

    /// Asks the phase's generator for an operation. One that has no more is asked again when an operation has ended.
    fn ask(&mut self, phase: &mut Phase) {
        let (now, free) = (self.now(), self.workers.free());
        let mut moment = Moment { now, processes: self.workers.processes(), free: &free, rng: &mut self.rng };
        match phase.generator.next(&mut moment) {
            Next::Done if self.workers.all_free() => phase.is_exhausted = true,
            Next::Done => phase.waiting = Some(None),
            Next::Wait(until) => phase.waiting = Some(until),
            Next::Invoke(worker, invocation) => {
                phase.waiting = None;
                let surroundings = (&mut self.world, &mut self.rng);
                let rules = (&*self.workload, &self.options);
                let op = self.workers.begin(worker, invocation, now, surroundings, rules);
                let begun = self.history.ops().len();
                self.history.push(op);
                self.complete();
                self.history.ops()[begun..].iter().for_each(|op| phase.generator.observe(op));
                if let Some(interval) = phase.interval {
                    let late = now.saturating_sub(phase.next_operation);
                    let made_up = if self.world.is_hosted() && late <= LATE { late } else { Duration::ZERO };
                    phase.next_operation = now - made_up + self.stagger(interval);
                }
            }
        }
    }

    /// Up to twice the mean, evenly.
    pub(crate) fn stagger(&mut self, mean: Duration) -> Duration {
        (mean * 2).mul_f64(self.rng.random())
    }

    /// Lets the next thing happen if one does before `time`; else waits until then.
    pub(crate) fn step_before(&mut self, time: Option<Duration>) -> bool {
        let happened = self.world.step_before(time.map(|time| self.origin + time));
        self.complete();
        if self.watch.is_due(self.world.is_hosted(), self.now()) {
            self.look();
        }
        happened
    }

    /// Shows the test to whoever watches.
    pub(crate) fn look(&mut self) {
        self.watch.look(&self.history, self.world.messages(), self.now());
    }

    /// Lets the next thing happen if one does before `time`, and the phase's generator hear of it.
    fn observed_step(&mut self, phase: &mut Phase, time: Option<Duration>) -> bool {
        let ended = self.history.ops().len();
        let happened = self.step_before(time);
        if happened && self.history.ops().len() > ended {
            phase.waiting = None;
            self.history.ops()[ended..].iter().for_each(|op| phase.generator.observe(op));
        }
        happened
    }

    /// Notes operations that have ended.
    fn complete(&mut self) {
        let now = self.now();
        for op in self.workers.complete(now, &mut self.world, &*self.workload) {
            self.history.push(op);
        }
    }
}
