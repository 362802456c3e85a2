//! Histories that were judged before. Schedules that differ in what no client sees have the same history, and judging one
//! costs more than executing it.

use foldhash::fast::FixedState;
use glomers_checkers::history::History;
use indexmap::IndexSet;
use std::hash::{BuildHasher, Hash, Hasher};

/// The number of histories that are remembered; then all are forgotten.
const MOST: usize = 1 << 18;

/// The fingerprints of valid histories.
pub(crate) struct Verdicts {
    valid: IndexSet<(u64, u64), FixedState>,
    states: [FixedState; 2],
    /// The kind of what was wrong with the last execution that was invalid.
    pub(crate) wrong: String,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self {
            valid: IndexSet::default(),
            states: [FixedState::with_seed(1), FixedState::with_seed(2)],
            wrong: String::new(),
        }
    }
}

impl Verdicts {
    /// The fingerprint of a history: everything but times.
    pub(crate) fn fingerprint(&self, history: &History) -> (u64, u64) {
        let [first, second] = &self.states;
        (hash(first, history), hash(second, history))
    }

    pub(crate) fn is_valid(&self, fingerprint: (u64, u64)) -> bool {
        self.valid.contains(&fingerprint)
    }

    pub(crate) fn remember(&mut self, fingerprint: (u64, u64)) {
        if self.valid.len() >= MOST {
            self.valid.clear();
        }
        self.valid.insert(fingerprint);
    }
}

fn hash(state: &FixedState, history: &History) -> u64 {
    let mut hasher = state.build_hasher();
    for op in history.ops() {
        op.process.hash(&mut hasher);
        (op.kind as u8, &*op.f, op.value.as_str()).hash(&mut hasher);
        op.error().map(|error| error.as_str()).hash(&mut hasher);
        for (key, value) in op.extra() {
            (&**key, value.as_str()).hash(&mut hasher);
        }
    }
    hasher.finish()
}
