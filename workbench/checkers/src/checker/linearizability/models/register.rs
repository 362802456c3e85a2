//! A register: `write` sets its value, `read` returns it (knossos: `model/register`).

use super::super::model::{Effect, Model};
use glomers_json::Json;
use std::fmt;

/// A register that holds `null` at first. A read of `null` tells nothing, as in knossos.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// An operation on a [`Register`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum RegisterOperation {
    /// Returns this value.
    Read(Json),
    /// Sets this value.
    Write(Json),
}

impl Model for Register {
    type State = Json;
    type Operation = RegisterOperation;
    const STATE: &'static str = "value";

    fn initial(&self) -> Json {
        Json::null()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<RegisterOperation> {
        match f {
            "read" => answered.filter(|value| !value.is_null()).cloned().map(RegisterOperation::Read),
            "write" => Some(RegisterOperation::Write(asked.clone())),
            _ => None,
        }
    }

    fn step(&self, state: &Json, operation: &RegisterOperation) -> Option<Json> {
        match operation {
            RegisterOperation::Read(found) => (found == state).then(|| found.clone()),
            RegisterOperation::Write(left) => Some(left.clone()),
        }
    }

    fn effect(&self, operation: &RegisterOperation) -> Effect {
        match operation {
            RegisterOperation::Read(_) => Effect::Observe,
            RegisterOperation::Write(_) => Effect::Overwrite,
        }
    }

    fn states(&self, operations: &[&RegisterOperation]) -> Vec<Json> {
        let value = |operation: &&RegisterOperation| match operation {
            RegisterOperation::Read(value) | RegisterOperation::Write(value) => value.clone(),
        };
        std::iter::once(Json::null()).chain(operations.iter().map(value)).collect()
    }

    fn display(&self, state: &Json) -> String {
        state.to_string()
    }
}

impl fmt::Display for RegisterOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(found) => write!(f, "read {found}"),
            Self::Write(left) => write!(f, "write {left}"),
        }
    }
}
