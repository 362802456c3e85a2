//! Many objects of a kind, each under a key (jepsen: `independent.clj`).

use super::super::model::{Effect, Model};
use glomers_json::{Json, pair};

/// Objects under keys: the value of each operation is `[key, value]`, and `value` is what the object's own model reads.
/// Each key is searched by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Independent<M>(
    /// The model of each object.
    pub M,
);

impl<M: Model> Model for Independent<M> {
    type State = M::State;
    type Operation = M::Operation;
    const STATE: &'static str = M::STATE;

    fn initial(&self) -> M::State {
        self.0.initial()
    }

    fn operation(&self, f: &str, asked: &Json, answered: Option<&Json>) -> Option<M::Operation> {
        let value = |tuple: &Json| pair(tuple.as_str()).map(|(_, value)| Json::from_valid_text(value));
        let asked = value(asked)?;
        // An answer that is no tuple belongs to no key: it is as good as none.
        let answered = answered.and_then(value);
        self.0.operation(f, &asked, answered.as_ref())
    }

    fn step(&self, state: &M::State, operation: &M::Operation) -> Option<M::State> {
        self.0.step(state, operation)
    }

    fn effect(&self, operation: &M::Operation) -> Effect {
        self.0.effect(operation)
    }

    fn commutes(&self, left: &M::Operation, right: &M::Operation) -> bool {
        self.0.commutes(left, right)
    }

    fn part(&self, asked: &Json) -> Option<Json> {
        pair(asked.as_str()).map(|(key, _)| Json::from_valid_text(key))
    }

    fn states(&self, operations: &[&M::Operation]) -> Vec<M::State> {
        self.0.states(operations)
    }

    fn display(&self, state: &M::State) -> String {
        self.0.display(state)
    }
}
