//! A set that only grows (knossos: `model/set`).

use super::super::model::{Effect, Model};
use crate::order::sort_by;
use glomers_json::Json;
use std::fmt;

/// A set that is empty at first: `add` adds its value, and `read` returns a list of all elements. A read of anything
/// but a list tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set;

/// An operation on a [`Set`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum SetOperation {
    /// Returns these elements.
    Read(Vec<Json>),
    /// Adds this element.
    Add(Json),
}

impl Model for Set {
    type State = Vec<Json>;
    type Operation = SetOperation;

    fn initial(&self) -> Vec<Json> {
        Vec::new()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<SetOperation> {
        match f {
            "read" => answered?.decode().ok().map(|elements| SetOperation::Read(sorted(elements))),
            "add" => Some(SetOperation::Add(asked.clone())),
            _ => None,
        }
    }

    fn step(&self, elements: &Vec<Json>, operation: &SetOperation) -> Option<Vec<Json>> {
        match operation {
            SetOperation::Read(found) => (found == elements).then(|| found.clone()),
            SetOperation::Add(element) => {
                let mut elements = elements.clone();
                if let Err(place) = elements.binary_search(element) {
                    elements.insert(place, element.clone());
                }
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

    fn display(&self, elements: &Vec<Json>) -> String {
        display(elements)
    }
}

/// Each element once, in their order.
fn sorted(mut elements: Vec<Json>) -> Vec<Json> {
    sort_by(&mut elements, Json::cmp);
    elements.dedup();
    elements
}

fn display(elements: &[Json]) -> String {
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
