//! Which operation comes next. A generator is asked when some client is free and the rate allows it; it sees every
//! operation begin and end (jepsen: `generator.clj`, with mutable state instead of a new generator at each step).

use glomers_checkers::history::Op;
use glomers_protocol::Json;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// An operation that a client is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invocation {
    /// Which operation.
    pub f: &'static str,
    /// Its argument; `null` if it has none.
    pub value: Json,
    /// What else its entries in the history say, such as `final?`.
    pub extra: Vec<(&'static str, Json)>,
}

impl Invocation {
    /// An operation with an argument.
    pub fn new(f: &'static str, value: impl Into<Json>) -> Self {
        Self { f, value: value.into(), extra: Vec::new() }
    }

    /// An operation that only asks.
    pub fn bare(f: &'static str) -> Self {
        Self { f, value: Json::null(), extra: Vec::new() }
    }

    /// The same, marked as one of those at the very end: [`Op::is_final`] tells it from the others.
    #[must_use]
    pub fn as_final(self) -> Self {
        self.with("final?", true)
    }

    /// The same with one more entry.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Json>) -> Self {
        self.extra.push((key, value.into()));
        self
    }
}

/// A generator's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// This thread begins this operation now.
    Invoke(usize, Invocation),
    /// Nothing before something changes, or before this moment.
    Wait(Option<Duration>),
    /// Nothing ever again.
    Done,
}

/// What a generator may know when it is asked.
pub struct Moment<'a> {
    /// Time since the first operation could begin.
    pub now: Duration,
    /// Which client each thread has now; a client whose operation may still go on is replaced by one with a new number.
    pub processes: &'a [u64],
    /// The threads that have nothing to do, beginning with the one whose turn it is.
    pub free: &'a [usize],
    /// Chance.
    pub rng: &'a mut Pcg64Mcg,
}

/// A source of operations.
pub trait Generator {
    /// The next operation. `moment.free` may be empty; then only [`Next::Wait`] and [`Next::Done`] make sense.
    fn next(&mut self, moment: &mut Moment<'_>) -> Next;

    /// Takes note that an operation has begun or ended.
    fn observe(&mut self, op: &Op) {
        let _ = op;
    }
}

/// Operations without end, each for whichever thread is free. Made by [`each`].
pub struct Each<F>(F);

/// Operations without end: whenever a thread is free, `operation` says what it does.
pub fn each<F: FnMut(&mut Pcg64Mcg) -> Invocation>(operation: F) -> Each<F> {
    Each(operation)
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
pub struct OncePerThread {
    invocation: Invocation,
    done: Vec<usize>,
}

impl OncePerThread {
    /// Every thread does `invocation` once.
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
