//! States in which a register may be, without those that are no better than others.
//!
//! Operations without a known end would double the states, one after the other. Two rules prevent it:
//! - only how many of a kind have taken effect counts, for two writes of the same value are alike;
//! - a state in which fewer of them are used up is as good as one in which more are, so the latter is dropped.

use super::key::ValueId;
use indexmap::{IndexMap, IndexSet};

/// A state in which the register may be.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct State {
    pub(super) value: ValueId,
    /// The slots whose operations have taken effect.
    pub(super) done: u128,
    /// How many operations without a known end have taken effect, by kind.
    pub(super) used: Vec<u16>,
}

/// States of which none is better than another.
#[derive(Default)]
pub(super) struct Frontier(IndexMap<(ValueId, u128), Vec<Vec<u16>>>);

impl Frontier {
    /// Adds a state and says whether it is new: neither there already nor worse than one that is.
    pub(super) fn insert(&mut self, state: State) -> bool {
        let others = self.0.entry((state.value, state.done)).or_default();
        if others.iter().any(|other| no_more(other, &state.used)) {
            return false;
        }
        others.retain(|other| !no_more(&state.used, other));
        others.push(state.used);
        true
    }

    pub(super) fn states(self) -> IndexSet<State> {
        let state = |(value, done), used| State { value, done, used };
        self.0.into_iter().flat_map(|(at, all)| all.into_iter().map(move |used| state(at, used))).collect()
    }
}

/// Whether `left` uses no more of any kind than `right`.
fn no_more(left: &[u16], right: &[u16]) -> bool {
    left.iter().enumerate().all(|(kind, used)| *used <= right.get(kind).copied().unwrap_or(0))
}
