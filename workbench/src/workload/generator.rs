//! Generators: the source of operations. The interpreter asks a generator when a client is free and the rate allows it,
//! and shows it every operation that begins or ends (jepsen: `generator.clj`, with mutable state instead of a new
//! generator at each step).

use glomers_checkers::history::Op;
use glomers_protocol::Json;
use rand_pcg::Pcg64Mcg;
use std::{fmt, time::Duration};

/// An operation for a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invocation {
    /// The name of the operation.
    pub f: &'static str,
    /// Its argument; `null` if it has none.
    pub value: Json,
    /// Further fields of its entries in the history, such as `final?`.
    pub extra: Vec<(&'static str, Json)>,
}

impl Invocation {
    /// An operation with an argument.
    pub fn new(f: &'static str, value: impl Into<Json>) -> Self {
        Self { f, value: value.into(), extra: Vec::new() }
    }

    /// An operation without an argument.
    pub fn bare(f: &'static str) -> Self {
        Self { f, value: Json::null(), extra: Vec::new() }
    }

    /// The same, marked as a final operation, which [`Op::is_final`] recognizes.
    #[must_use]
    pub fn as_final(self) -> Self {
        self.with("final?", true)
    }

    /// The same with one more field.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Json>) -> Self {
        self.extra.push((key, value.into()));
        self
    }
}

/// A generator's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// The thread of this number begins the operation now.
    Invoke(usize, Invocation),
    /// No operation until an operation begins or ends, or until this time.
    Wait(Option<Duration>),
    /// No operation ever again.
    Done,
}

/// The situation in which a generator is asked.
#[derive(Debug)]
pub struct Moment<'a> {
    /// The time since the first operation could begin.
    pub now: Duration,
    /// The client of each thread. A client whose operation may still take effect is replaced by one with a new number.
    pub processes: &'a [u64],
    /// The free threads, beginning with the one whose turn it is.
    pub free: &'a [usize],
    /// The source of chance.
    pub rng: &'a mut Pcg64Mcg,
}

/// A source of operations.
pub trait Generator {
    /// The next operation. `moment.free` may be empty; then only [`Next::Wait`] and [`Next::Done`] make sense.
    fn next(&mut self, moment: &mut Moment<'_>) -> Next;

    /// Observes an operation that begins or ends.
    fn observe(&mut self, op: &Op) {
        let _ = op;
    }
}

/// Endless operations for any free thread, made by [`each`].
pub struct Each<F>(F);

/// Endless operations: `operation` makes one whenever a thread is free.
pub fn each<F: FnMut(&mut Pcg64Mcg) -> Invocation>(operation: F) -> Each<F> {
    Each(operation)
}

impl<F> fmt::Debug for Each<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Each").finish_non_exhaustive()
    }
}

impl<F: FnMut(&mut Pcg64Mcg) -> Invocation> Generator for Each<F> {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        match moment.free.first() {
            Some(thread) => Next::Invoke(*thread, (self.0)(moment.rng)),
            None => Next::Wait(None),
        }
    }
}

/// One operation for every thread.
#[derive(Debug)]
pub struct OncePerThread {
    invocation: Invocation,
    done: Vec<usize>,
}

impl OncePerThread {
    /// One `invocation` for every thread.
    pub fn new(invocation: Invocation) -> Self {
        Self { invocation, done: Vec::new() }
    }
}

impl Generator for OncePerThread {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        if self.done.len() == moment.processes.len() {
            return Next::Done;
        }
        match moment.free.iter().find(|thread| !self.done.contains(thread)) {
            Some(thread) => {
                self.done.push(*thread);
                Next::Invoke(*thread, self.invocation.clone())
            }
            None => Next::Wait(None),
        }
    }
}
