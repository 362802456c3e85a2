//! A sequential specification: the states of an object and the effect of each operation on them.

use glomers_json::Json;
use std::{
    fmt::{Debug, Display},
    hash::Hash,
};

/// An object as one client alone would see it.
///
/// Four items are required. The other methods tell the search more than it can find out by itself: they never change a
/// verdict, but they decide how much work it is. Each has a default that is always right.
///
/// ```
/// use glomers_json::Json;
/// use glomers_checkers::{checker::linearizability::{self, Model}, history::History, validity::Validity};
///
/// /// A number that only rises: `raise` sets it unless it is higher already, `read` returns it.
/// #[derive(Debug)]
/// struct Maximum;
///
/// impl Model for Maximum {
///     type State = u64;
///     type Operation = String;
///
///     fn initial(&self) -> u64 {
///         0
///     }
///
///     fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<String> {
///         match f {
///             "raise" => Some(format!("raise {asked}")),
///             _ => Some(format!("read {}", answered?)),
///         }
///     }
///
///     fn step(&self, state: &u64, operation: &String) -> Option<u64> {
///         let (f, number) = operation.split_once(' ')?;
///         let number: u64 = number.parse().ok()?;
///         match f {
///             "raise" => Some(number.max(*state)),
///             _ => (number == *state).then_some(number),
///         }
///     }
/// }
///
/// let history = |read: u64| {
///     let entries = format!(
///         r#"{{"process": 0, "type": "invoke", "f": "raise", "value": 7}}
///            {{"process": 0, "type": "ok", "f": "raise", "value": 7}}
///            {{"process": 1, "type": "invoke", "f": "read", "value": null}}
///            {{"process": 1, "type": "ok", "f": "read", "value": {read}}}"#
///     );
///     History::parse(&entries).expect("each line is an entry")
/// };
/// assert_eq!(linearizability::check(&Maximum, &history(7)).valid(), Validity::Valid);
/// assert_eq!(linearizability::check(&Maximum, &history(0)).valid(), Validity::Invalid);
/// ```
pub trait Model {
    /// A state of the object. The search keeps many of them and compares them often, so it should be small.
    type State: Clone + Eq + Hash + Debug;

    /// An operation with its answer, such as "read 3". Two that are equal have the same effect. The text stands in
    /// explanations and timelines.
    type Operation: Clone + Eq + Hash + Debug + Display;

    /// The word for a state in explanations.
    const STATE: &'static str = "state";

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// The operation that a history shows: its name, the value of its invocation and, if it is known to have happened,
    /// the value of its completion. `None` if it tells nothing, such as a read without an answer. Failed operations are
    /// left out before.
    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<Self::Operation>;

    /// The state after the operation, or `None` if it cannot happen in this state with this answer.
    fn step(&self, state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;

    /// The way in which the operation depends on the state.
    fn effect(&self, _operation: &Self::Operation) -> Effect {
        Effect::Update
    }

    /// Says that two operations can change places wherever they stand next to each other, in any state: the same steps
    /// are possible and the same state follows. `false` is always right.
    fn commutes(&self, _left: &Self::Operation, _right: &Self::Operation) -> bool {
        false
    }

    /// The independent object that an invocation with this value works on, if the model describes several, such as the
    /// key of a map. A history is linearizable if and only if it is for each object alone (Herlihy and Wing 1990), and
    /// each is searched by itself from the initial state.
    fn part(&self, _asked: &Json) -> Option<Json> {
        None
    }

    /// All states in which the object may be if nothing is known of the operations before these. If it names none,
    /// those that the search has met count. They decide how short a failing window is.
    fn states(&self, _operations: &[&Self::Operation]) -> Vec<Self::State> {
        Vec::new()
    }

    /// A state in words, for explanations.
    fn display(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}

/// The way in which an operation depends on the state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Effect {
    /// It never changes the state, such as a read.
    Observe,
    /// It is always possible, and the state after it is the same whatever was before, such as a write.
    Overwrite,
    /// Anything else.
    #[default]
    Update,
}
