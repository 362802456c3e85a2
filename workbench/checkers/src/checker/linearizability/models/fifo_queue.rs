//! A queue that gives out its elements in the order in which they came (knossos: `model/fifo-queue`).

use super::super::model::Model;
use glomers_json::Json;
use std::{collections::VecDeque, fmt};

/// A queue that is empty at first: `enqueue` adds its value at the end, and `dequeue` removes the first element and
/// returns it, or returns `null` if there is none.
///
/// Enqueues that run at once are the hard case for any search, because each order of them is a state.
#[derive(Clone, Copy, Debug, Default)]
pub struct FifoQueue;

/// An operation on a [`FifoQueue`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum FifoQueueOperation {
    /// Adds this element at the end.
    Enqueue(Json),
    /// Removes this element, which is the first.
    Dequeue(Json),
    /// Finds no element.
    FindEmpty,
    /// Removes the first element, whichever it is.
    DequeueUnknown,
}

impl Model for FifoQueue {
    type State = VecDeque<Json>;
    type Operation = FifoQueueOperation;

    fn initial(&self) -> VecDeque<Json> {
        VecDeque::new()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<FifoQueueOperation> {
        match (f, answered) {
            ("enqueue", _) => Some(FifoQueueOperation::Enqueue(asked.clone())),
            ("dequeue", None) => Some(FifoQueueOperation::DequeueUnknown),
            ("dequeue", Some(value)) if value.is_null() => Some(FifoQueueOperation::FindEmpty),
            ("dequeue", Some(value)) => Some(FifoQueueOperation::Dequeue(value.clone())),
            _ => None,
        }
    }

    fn step(&self, elements: &VecDeque<Json>, operation: &FifoQueueOperation) -> Option<VecDeque<Json>> {
        let is_possible = match operation {
            FifoQueueOperation::Enqueue(_) => true,
            FifoQueueOperation::Dequeue(first) => elements.front() == Some(first),
            FifoQueueOperation::FindEmpty => elements.is_empty(),
            FifoQueueOperation::DequeueUnknown => !elements.is_empty(),
        };
        is_possible.then(|| {
            let mut elements = elements.clone();
            match operation {
                FifoQueueOperation::Enqueue(element) => elements.push_back(element.clone()),
                _ => drop(elements.pop_front()),
            }
            elements
        })
    }

    fn display(&self, elements: &VecDeque<Json>) -> String {
        let elements: Vec<_> = elements.iter().map(Json::as_str).collect();
        format!("[{}]", elements.join(", "))
    }
}

impl fmt::Display for FifoQueueOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enqueue(element) => write!(f, "enqueue {element}"),
            Self::Dequeue(element) => write!(f, "dequeue {element}"),
            Self::FindEmpty => f.write_str("dequeue nothing"),
            Self::DequeueUnknown => f.write_str("dequeue"),
        }
    }
}
