//! A set that only grows (knossos: `model/set`).

use super::super::model::{Effect, Model};
use glomers_json::Json;
use std::{collections::BTreeSet, fmt};

/// A set that is empty at first: `add` adds its value, and `read` returns a list of all elements. A read of anything
/// but a list tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set;

/// An operation on a [`Set`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SetOperation {
    /// Returns these elements.
    Read(BTreeSet<Json>),
    /// Adds this element.
    Add(Json),
}

impl Model for Set {
    type State = BTreeSet<Json>;
    type Operation = SetOperation;

    fn initial(&self) -> BTreeSet<Json> {
        BTreeSet::new()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<SetOperation> {
        match f {
            "read" => answered?.decode().ok().map(SetOperation::Read),
            "add" => Some(SetOperation::Add(asked.clone())),
            _ => None,
        }
    }

    fn step(&self, elements: &BTreeSet<Json>, operation: &SetOperation) -> Option<BTreeSet<Json>> {
        match operation {
            SetOperation::Read(found) => (found == elements).then(|| found.clone()),
            SetOperation::Add(element) => {
                let mut elements = elements.clone();
                elements.insert(element.clone());
                Some(elements)
            }
        }
    }

    fn effect(&self, operation: &SetOperation) -> Effect {
        match operation {
            SetOperation::Read(_) => Effect::Observe,
            SetOperation::Add(_) => Effect::Update,
        }
    }

    fn commutes(&self, left: &SetOperation, right: &SetOperation) -> bool {
        matches!((left, right), (SetOperation::Add(_), SetOperation::Add(_)))
    }

    fn display(&self, elements: &BTreeSet<Json>) -> String {
        display(elements)
    }
}

fn display(elements: &BTreeSet<Json>) -> String {
    let elements: Vec<_> = elements.iter().map(Json::as_str).collect();
    format!("{{{}}}", elements.join(", "))
}

impl fmt::Display for SetOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(elements) => write!(f, "read {}", display(elements)),
            Self::Add(element) => write!(f, "add {element}"),
        }
    }
}
