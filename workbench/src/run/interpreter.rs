//! One part of a test: operations begin when they are due, the generator gives them and a client is free; faults begin
//! and end in between (jepsen: `generator/interpreter.clj`).
//!
//! Nothing begins after the end. But the part is not over as long as an operation is outstanding: a client that is free
//! again may begin another operation before the end, even if everything else that is due, such as the next fault, lies
//! after it. Jepsen's interpreter keeps a generator that had nothing to give, and asks it again.

use crate::{
    run::{load::Load, nemesis::Nemesis, pace::Pace, session::Session},
    workload::generator::{self, Generator, Moment},
};
use std::time::Duration;

/// Clients and nemesis at work.
pub(crate) struct Interpreter<'n> {
    generator: Box<dyn Generator>,
    pace: Pace,
    nemesis: Option<&'n mut Nemesis>,
    /// The time from which nothing begins; `None`: the generator decides.
    end: Option<Duration>,
    wait: Wait,
}

/// The time before which the generator has nothing to give.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wait {
    /// It may have an operation now.
    Ready,
    /// Until then, if no operation ends before.
    Until(Duration),
    /// Until an operation ends.
    ForChange,
    /// For ever.
    Exhausted,
}

/// The next thing that the part does by itself.
enum Next {
    Operation(Duration),
    Fault(Duration),
    /// Nothing before an event, or before this time.
    Change(Option<Duration>),
    End,
}

impl<'n> Interpreter<'n> {
    /// Operations of one generator.
    pub(crate) fn new(generator: Box<dyn Generator>, pace: Pace, end: Option<Duration>) -> Self {
        Self { generator, pace, nemesis: None, end, wait: Wait::Ready }
    }

    /// The same with faults in between.
    pub(crate) fn with(self, nemesis: &'n mut Nemesis) -> Self {
        Self { nemesis: Some(nemesis), ..self }
    }

    /// Runs the part until it is over and all operations have ended. The generator, which is given back, hears of the
    /// late ones. If the test is stopped, operations have a moment to end.
    pub(crate) fn run(mut self, session: &mut Session<'_>) -> (Box<dyn Generator>, Load) {
        while !session.is_halted() && self.advance(session) {}
        let end = self.end.filter(|_| !session.is_halted()).unwrap_or_else(|| session.now());
        let load = self.pace.load(end, self.wait != Wait::Ready);
        while !session.workers.all_free() && self.step(session, session.watch.deadline()) {}
        if session.watch.is_halted() {
            session.abandon();
        }
        (self.generator, load)
    }

    /// Does the next thing, or lets an event happen before it; false if there is none.
    fn advance(&mut self, session: &mut Session<'_>) -> bool {
        if let Some(nemesis) = &mut self.nemesis {
            nemesis.collect(session);
        }
        match self.next(session) {
            Next::Operation(time) if !self.step(session, Some(time)) && !session.is_halted() => self.ask(session),
            Next::Fault(time) if !self.step(session, Some(time)) && !session.is_halted() => {
                if let Some(nemesis) = &mut self.nemesis {
                    nemesis.flip(session);
                }
            }
            Next::Operation(_) | Next::Fault(_) => {}
            Next::Change(until) => return self.step(session, until) || until.is_some(),
            Next::End => return false,
        }
        true
    }

    fn next(&self, session: &Session<'_>) -> Next {
        let now = session.now();
        let has_ended = |time| self.end.is_some_and(|end| time >= end);
        // In real time both may be overdue; then it is the fault's turn.
        let fault = self.nemesis.as_ref().and_then(|nemesis| nemesis.next()).map(|time| time.max(now));
        let operation = self.next_operation(session).map(|time| time.max(now));
        let (time, next) = match (fault, operation) {
            (Some(fault), Some(operation)) if operation < fault => (operation, Next::Operation(operation)),
            (Some(fault), _) => (fault, Next::Fault(fault)),
            (None, Some(operation)) => (operation, Next::Operation(operation)),
            (None, None) if self.wait == Wait::Exhausted => (now, Next::End),
            (None, None) => (now, Next::Change(self.end)),
        };
        if !has_ended(time) && !matches!(next, Next::End) {
            return next;
        }
        match self.end.filter(|end| self.pace.sleeps() && now < *end) {
            Some(end) => Next::Change(Some(end)),
            None if session.workers.all_free() => Next::End,
            None => Next::Change(None),
        }
    }

    /// The time of the next operation, if a client is free and the generator has one.
    fn next_operation(&self, session: &Session<'_>) -> Option<Duration> {
        let due = self.pace.next().filter(|_| session.workers.any_free())?;
        match self.wait {
            Wait::Ready => Some(due),
            Wait::Until(time) => Some(time.max(due)),
            Wait::ForChange | Wait::Exhausted => None,
        }
    }

    /// Asks the generator for an operation, and begins it. A generator that is done is asked again when an operation
    /// has ended.
    fn ask(&mut self, session: &mut Session<'_>) {
        let now = session.now();
        let (processes, free) = session.workers.free();
        let mut moment = Moment { now, processes, free, rng: &mut session.rng };
        self.wait = match self.generator.next(&mut moment) {
            generator::Next::Done if session.workers.all_free() => Wait::Exhausted,
            generator::Next::Done | generator::Next::Wait(None) => Wait::ForChange,
            generator::Next::Wait(Some(time)) => Wait::Until(time),
            generator::Next::Invoke(worker, invocation) => {
                let before = session.history.ops().len();
                session.begin(worker, invocation);
                self.observe(session, before);
                self.pace.begin(session);
                Wait::Ready
            }
        };
        if self.wait != Wait::Ready {
            self.pace.decline(now);
        }
    }

    /// Lets the next event happen if it does before `time`, and the generator hear of it.
    fn step(&mut self, session: &mut Session<'_>, time: Option<Duration>) -> bool {
        let before = session.history.ops().len();
        let happened = session.step_before(time);
        if happened && session.history.ops().len() > before {
            self.wait = Wait::Ready;
            self.observe(session, before);
        }
        happened
    }

    /// Has the generator and the pace hear of the entries from `before` on.
    fn observe(&mut self, session: &Session<'_>, before: usize) {
        session.history.ops()[before..].iter().for_each(|op| self.generator.observe(op));
        self.pace.observe(session.workers.any_free(), session.now());
    }
}
