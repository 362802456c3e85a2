//! A number that grows and shrinks by additions.

use super::super::model::{Effect, Model};
use glomers_json::Json;
use std::fmt;

/// A counter that is 0 at first: `add` adds its value, which may be negative, and `read` returns the sum. A read of
/// anything but a whole number tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

/// An operation on a [`Counter`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CounterOperation {
    /// Returns this sum.
    Read(i64),
    /// Adds this number.
    Add(i64),
}

impl Model for Counter {
    type State = i128;
    type Operation = CounterOperation;
    const STATE: &'static str = "sum";

    fn initial(&self) -> i128 {
        0
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<CounterOperation> {
        match f {
            "read" => answered?.decode().ok().map(CounterOperation::Read),
            "add" => asked.decode().ok().map(CounterOperation::Add),
            _ => None,
        }
    }

    fn step(&self, sum: &i128, operation: &CounterOperation) -> Option<i128> {
        match operation {
            CounterOperation::Read(found) => (i128::from(*found) == *sum).then_some(*sum),
            CounterOperation::Add(delta) => sum.checked_add(i128::from(*delta)),
        }
    }

    fn effect(&self, operation: &CounterOperation) -> Effect {
        match operation {
            CounterOperation::Read(_) => Effect::Observe,
            CounterOperation::Add(_) => Effect::Update,
        }
    }

    fn commutes(&self, left: &CounterOperation, right: &CounterOperation) -> bool {
        matches!((left, right), (CounterOperation::Add(_), CounterOperation::Add(_)))
    }
}

impl fmt::Display for CounterOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(sum) => write!(f, "read {sum}"),
            Self::Add(delta) => write!(f, "add {delta}"),
        }
    }
}
