//! The states of an object that a search holds, each under a number.

use super::model::Model;
use foldhash::fast::FixedState;
use indexmap::IndexSet;

/// A state by its place in [`States`].
pub(super) type StateId = u32;

/// States by number.
#[derive(Debug)]
pub(super) struct States<S>(IndexSet<S, FixedState>);

impl<S> Default for States<S> {
    fn default() -> Self {
        Self(IndexSet::default())
    }
}

/// The result of an operation in a state.
pub(super) enum Step {
    Impossible,
    /// Possible without a change.
    Same,
    To(StateId),
}

impl<S: Clone + Eq + std::hash::Hash> States<S> {
    pub(super) fn intern(&mut self, state: S) -> StateId {
        StateId::try_from(self.0.insert_full(state).0).expect("the budget ends before four billion states")
    }

    pub(super) fn get(&self, state: StateId) -> &S {
        &self.0[state as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &S> {
        self.0.iter()
    }

    pub(super) fn step<M: Model<State = S>>(&mut self, model: &M, state: StateId, operation: &M::Operation) -> Step {
        let from = self.get(state);
        match model.step(from, operation) {
            None => Step::Impossible,
            Some(next) if next == *from => Step::Same,
            Some(next) => Step::To(self.intern(next)),
        }
    }

    /// Forgets all states but these, whose numbers change.
    pub(super) fn keep<'a>(&mut self, used: impl Iterator<Item = &'a mut StateId>) {
        let mut kept = Self::default();
        for state in used {
            *state = kept.intern(self.get(*state).clone());
        }
        *self = kept;
    }
}
