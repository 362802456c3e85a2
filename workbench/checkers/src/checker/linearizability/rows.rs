//! The operations that are possible in each state while the running operations stay the same.

use super::{
    configurations::KindId,
    model::{Effect, Model},
    part::Part,
    running::Running,
    slots::Slots,
    states::{StateId, States, Step},
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::rc::Rc;

/// The running operations that are possible in a state.
#[derive(Debug)]
pub(super) struct Row<const WORDS: usize> {
    /// Those that are possible and change nothing.
    pub(super) silent: Slots<WORDS>,
    /// Those that are possible because of the state: all but overwrites.
    pub(super) enabled: Slots<WORDS>,
    /// Kinds without a known end that are possible because of the state and change it.
    pub(super) enabled_unended: Vec<KindId>,
    /// Those that change the state, and all overwrites, with the state after each.
    pub(super) moves: Vec<(KindId, StateId)>,
}

/// The rows that were computed.
#[derive(Debug)]
pub(super) struct Rows<const WORDS: usize>(IndexMap<StateId, Rc<Row<WORDS>>, FixedState>);

impl<const WORDS: usize> Rows<WORDS> {
    pub(super) fn new() -> Self {
        Self(IndexMap::default())
    }

    pub(super) fn row<M: Model>(
        &mut self,
        model: &M,
        part: &Part<M::Operation>,
        running: &Running<WORDS>,
        states: &mut States<M::State>,
        state: StateId,
    ) -> Rc<Row<WORDS>> {
        if let Some(row) = self.0.get(&state) {
            return Rc::clone(row);
        }
        let mut row =
            Row { silent: Slots::EMPTY, enabled: Slots::EMPTY, enabled_unended: Vec::new(), moves: Vec::new() };
        for kind in running.kinds() {
            let operation = &part.kinds[kind as usize];
            let step = states.step(model, state, operation);
            if matches!(step, Step::Impossible) {
                continue;
            }
            let overwrites = model.effect(operation) == Effect::Overwrite;
            for slot in running.slots(kind) {
                if !overwrites {
                    row.enabled.insert(*slot);
                }
                if matches!(step, Step::Same) {
                    row.silent.insert(*slot);
                }
            }
            match step {
                Step::To(next) => {
                    row.moves.push((kind, next));
                    if !overwrites && running.unended(kind) > 0 {
                        row.enabled_unended.push(kind);
                    }
                }
                // It changes nothing, but other overwrites may have taken effect before it.
                Step::Same if overwrites => row.moves.push((kind, state)),
                Step::Same | Step::Impossible => {}
            }
        }
        let row = Rc::new(row);
        self.0.insert(state, Rc::clone(&row));
        row
    }
}
