//! Configurations: a state of the object together with what has become of each running operation; and sets of them
//! without those that are no better than others.
//!
//! A running operation is
//! - *open*: it has not taken effect, and must before it ends;
//! - *met*: it may count as having taken effect somewhere behind, unnoticed, or may still take effect;
//! - *used*: it has taken effect.
//!
//! Whatever is possible with an open or a used operation is possible with a met one, so a configuration **dominates**
//! another if they have the same state and each running operation is met in the first or the same in both. An operation
//! without a known end never has to take effect: it is met from its beginning. Of those, only how many of a kind
//! are used counts, and fewer dominate more. A set keeps only configurations that no other one dominates.

use super::{slots::Slots, states::StateId};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// An operation by its place in the part's distinct operations.
pub(super) type KindId = u32;

/// The progress of the running operations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Marks<const WORDS: usize> {
    pub(super) used: Slots<WORDS>,
    pub(super) met: Slots<WORDS>,
    /// The number of used operations without a known end, by kind, sorted. Kinds without any are left out.
    spent: Vec<(KindId, u32)>,
}

/// A state with the progress of the running operations.
#[derive(Clone, Debug)]
pub(super) struct Configuration<const WORDS: usize> {
    pub(super) state: StateId,
    pub(super) marks: Marks<WORDS>,
}

impl<const WORDS: usize> Marks<WORDS> {
    pub(super) fn new(met: Slots<WORDS>) -> Self {
        Self { used: Slots::EMPTY, met, spent: Vec::new() }
    }

    pub(super) fn use_slot(&mut self, slot: usize) {
        self.used.insert(slot);
        self.met.remove(slot);
    }

    /// Makes operations met unless they are used.
    pub(super) fn meet(&mut self, slots: &Slots<WORDS>) {
        self.met = self.met.or(&slots.without(&self.used));
    }

    pub(super) fn release(&mut self, slot: usize) {
        self.used.remove(slot);
        self.met.remove(slot);
    }

    pub(super) fn spent(&self, kind: KindId) -> u32 {
        self.spent.binary_search_by_key(&kind, |(kind, _)| *kind).map_or(0, |place| self.spent[place].1)
    }

    pub(super) fn spend(&mut self, kind: KindId) {
        match self.spent.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(place) => self.spent[place].1 += 1,
            Err(place) => self.spent.insert(place, (kind, 1)),
        }
    }

    fn dominates(&self, other: &Self) -> bool {
        let differs = self.used.difference(&other.used).or(&other.met);
        differs.without(&self.met).is_empty() && self.spent.iter().all(|(kind, count)| other.spent(*kind) >= *count)
    }
}

/// Configurations of which none dominates another.
#[derive(Debug)]
pub(super) struct Antichain<const WORDS: usize> {
    by_state: IndexMap<StateId, Vec<Marks<WORDS>>, FixedState>,
    len: usize,
}

impl<const WORDS: usize> Default for Antichain<WORDS> {
    fn default() -> Self {
        Self { by_state: IndexMap::default(), len: 0 }
    }
}

impl<const WORDS: usize> Antichain<WORDS> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a configuration unless one dominates it, and says whether it did.
    pub(super) fn insert(&mut self, configuration: Configuration<WORDS>) -> bool {
        let others = self.by_state.entry(configuration.state).or_default();
        let marks = configuration.marks;
        if others.iter().any(|other| other.dominates(&marks)) {
            return false;
        }
        let before = others.len();
        others.retain(|other| !marks.dominates(other));
        self.len = self.len + 1 + others.len() - before;
        others.push(marks);
        true
    }

    /// The configurations with the same state as this one: the number of comparisons that inserting it takes.
    pub(super) fn rivals(&self, state: StateId) -> usize {
        self.by_state.get(&state).map_or(0, Vec::len)
    }

    pub(super) fn contains(&self, configuration: &Configuration<WORDS>) -> bool {
        self.by_state.get(&configuration.state).is_some_and(|all| all.contains(&configuration.marks))
    }

    pub(super) fn into_vec(self) -> Vec<Configuration<WORDS>> {
        let with = |(state, all): (StateId, Vec<Marks<WORDS>>)| {
            all.into_iter().map(move |marks| Configuration { state, marks })
        };
        self.by_state.into_iter().flat_map(with).collect()
    }
}
