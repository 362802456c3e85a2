//! A lock that one client holds at a time (knossos: `model/mutex`).

use super::super::model::Model;
use glomers_json::Json;
use std::fmt;

/// A mutex that is free at first, with `acquire` and `release`. An operation that was refused is one that failed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex;

/// An operation on a [`Mutex`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MutexOperation {
    /// Finds it free and locks it.
    Acquire,
    /// Finds it locked and frees it.
    Release,
}

impl Model for Mutex {
    /// True while it is locked.
    type State = bool;
    type Operation = MutexOperation;

    fn initial(&self) -> bool {
        false
    }

    fn operation(&self, f: &str, _asked: &Json, _answered: Option<&Json>) -> Option<MutexOperation> {
        match f {
            "acquire" => Some(MutexOperation::Acquire),
            "release" => Some(MutexOperation::Release),
            _ => None,
        }
    }

    fn step(&self, locked: &bool, operation: &MutexOperation) -> Option<bool> {
        match operation {
            MutexOperation::Acquire => (!locked).then_some(true),
            MutexOperation::Release => locked.then_some(false),
        }
    }

    fn states(&self, _operations: &[&MutexOperation]) -> Vec<bool> {
        vec![false, true]
    }

    fn display(&self, locked: &bool) -> String {
        if *locked { "locked" } else { "free" }.to_owned()
    }
}

impl fmt::Display for MutexOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acquire => "acquire",
            Self::Release => "release",
        })
    }
}
