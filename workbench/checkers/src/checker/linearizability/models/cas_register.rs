//! A register with compare-and-set (knossos: `model/cas-register`), which Maelstrom's `lin-kv` has one of for each key.

use super::super::model::{Effect, Model};
use glomers_json::Json;
use std::fmt;

/// A register that holds `null` at first, with `read`, `write` and `cas`, whose value is `[from, to]`. A read of `null`
/// tells nothing, as in knossos.
#[derive(Clone, Copy, Debug, Default)]
pub struct CasRegister;

/// An operation on a [`CasRegister`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum CasRegisterOperation {
    /// Returns this value.
    Read(Json),
    /// Sets this value.
    Write(Json),
    /// Finds the first value and sets the second.
    Cas(Json, Json),
}

impl Model for CasRegister {
    type State = Json;
    type Operation = CasRegisterOperation;
    const STATE: &'static str = "value";

    fn initial(&self) -> Json {
        Json::null()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<CasRegisterOperation> {
        match f {
            "read" => answered.filter(|value| !value.is_null()).cloned().map(CasRegisterOperation::Read),
            "write" => Some(CasRegisterOperation::Write(asked.clone())),
            "cas" => asked.pair().map(|(from, to)| CasRegisterOperation::Cas(from, to)),
            _ => None,
        }
    }

    fn step(&self, state: &Json, operation: &CasRegisterOperation) -> Option<Json> {
        match operation {
            CasRegisterOperation::Read(found) => (found == state).then(|| found.clone()),
            CasRegisterOperation::Write(left) => Some(left.clone()),
            CasRegisterOperation::Cas(found, left) => (found == state).then(|| left.clone()),
        }
    }

    fn effect(&self, operation: &CasRegisterOperation) -> Effect {
        match operation {
            CasRegisterOperation::Read(_) => Effect::Observe,
            CasRegisterOperation::Write(_) => Effect::Overwrite,
            CasRegisterOperation::Cas(..) => Effect::Update,
        }
    }

    fn states(&self, operations: &[&CasRegisterOperation]) -> Vec<Json> {
        let values = |operation: &&CasRegisterOperation| match operation {
            CasRegisterOperation::Read(value) | CasRegisterOperation::Write(value) => vec![value.clone()],
            CasRegisterOperation::Cas(found, left) => vec![found.clone(), left.clone()],
        };
        std::iter::once(Json::null()).chain(operations.iter().flat_map(values)).collect()
    }

    fn display(&self, state: &Json) -> String {
        state.to_string()
    }
}

impl fmt::Display for CasRegisterOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(found) => write!(f, "read {found}"),
            Self::Write(left) => write!(f, "write {left}"),
            Self::Cas(found, left) => write!(f, "cas {found} -> {left}"),
        }
    }
}
