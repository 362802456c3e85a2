//! Is there an order of the operations in which each returns what it should?
//!
//! The events are gone through once, with the set of all states in which the register may be (Lowe, "Testing for
//! linearizability", 2017: just-in-time linearization). A state is a value, which of the running operations have taken
//! effect already, and which of those without a known end have. Operations take effect only when one is seen to end that
//! must have: then every order of effects is tried that ends with it.
//!
//! Two rules keep the states few: a read takes effect as soon as it can, for it changes nothing; and states that are no
//! better than others are dropped, see [`states`](super::states).

use super::{
    key::{Effect, Event, Key, NOTHING, ValueId},
    states::{Frontier, State},
};
use indexmap::{IndexMap, IndexSet};
use std::collections::VecDeque;

/// How many operations may run at once at a key.
const SLOTS: usize = 128;

/// How many states may still be looked at.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new(steps: u64) -> Self {
        Self(steps)
    }

    fn spend(&mut self) -> Result<(), GivenUp> {
        self.0 = self.0.checked_sub(1).ok_or(GivenUp)?;
        Ok(())
    }
}

/// What a search found out.
#[derive(Debug)]
pub(super) enum Outcome {
    Linearizable,
    GivenUp,
    /// The event at this place contradicts all before it; just before, the register may have had these values.
    Violated {
        place: usize,
        values: Vec<ValueId>,
    },
}

/// The budget is used up, or too many operations run at once.
#[derive(Debug)]
pub(super) struct GivenUp;

/// The search at some event.
#[derive(Debug)]
pub(super) struct Search<'a> {
    key: &'a Key,
    /// The running operations, whose end is known.
    slots: Vec<Option<usize>>,
    /// The operations without a known end that have begun: how many of each kind.
    unended: IndexMap<Effect, u16>,
    states: IndexSet<State>,
}

/// Searches from the first event on.
pub(super) fn search(key: &Key, budget: &mut Budget) -> Outcome {
    let mut search = Search::new(key);
    search.states.insert(State { value: NOTHING, done: 0, used: Vec::new() });
    for (place, event) in key.events.iter().enumerate() {
        let values = search.values();
        match search.advance(*event, budget) {
            Err(GivenUp) => return Outcome::GivenUp,
            Ok(()) if search.states.is_empty() => return Outcome::Violated { place, values },
            Ok(()) => {}
        }
    }
    Outcome::Linearizable
}

impl<'a> Search<'a> {
    fn new(key: &'a Key) -> Self {
        Self { key, slots: Vec::new(), unended: IndexMap::new(), states: IndexSet::new() }
    }

    /// Searches from the event at `from` on, knowing nothing of what came before but which operations were running:
    /// each may have taken effect or not, and the register may have any value.
    pub(super) fn anywhere(key: &'a Key, from: usize) -> Result<Self, GivenUp> {
        /// With more running operations, their combinations would be too many.
        const MAX_RUNNING: u32 = 10;
        let mut search = Self::new(key);
        for event in &key.events[..from] {
            match *event {
                Event::Begin(action) => search.begin(action)?,
                Event::End(action) => {
                    search.slots.iter_mut().filter(|slot| **slot == Some(action)).for_each(|slot| *slot = None)
                }
            }
        }
        let running: Vec<_> = (0..search.slots.len()).filter(|slot| search.slots[*slot].is_some()).collect();
        if running.len() > MAX_RUNNING as usize {
            return Err(GivenUp);
        }
        for combination in 0..1_usize << running.len() {
            let chosen = running.iter().enumerate().filter(|(place, _)| combination >> place & 1 == 1);
            let done = chosen.fold(0, |done, (_, slot)| done | 1 << slot);
            let used = vec![0; search.unended.len()];
            search.states.extend((0..key.values.len()).map(|value| State { value, done, used: used.clone() }));
        }
        Ok(search)
    }

    /// Whether no state is left after the events up to the one at `to`, including it.
    pub(super) fn fails_until(mut self, from: usize, to: usize, budget: &mut Budget) -> Result<bool, GivenUp> {
        for event in &self.key.events[from..=to] {
            self.advance(*event, budget)?;
            if self.states.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn values(&self) -> Vec<ValueId> {
        let values: std::collections::BTreeSet<_> = self.states.iter().map(|state| state.value).collect();
        values.into_iter().collect()
    }

    fn advance(&mut self, event: Event, budget: &mut Budget) -> Result<(), GivenUp> {
        match event {
            Event::Begin(action) => self.begin(action),
            Event::End(action) => self.end(action, budget),
        }
    }

    fn begin(&mut self, action: usize) -> Result<(), GivenUp> {
        let operation = &self.key.actions[action];
        if operation.end.is_none() {
            *self.unended.entry(operation.effect).or_default() += 1;
            return Ok(());
        }
        let free = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if free == SLOTS {
            return Err(GivenUp);
        }
        if free == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[free] = Some(action);
        Ok(())
    }

    /// Keeps the states in which the operation has taken effect, having tried every order of effects that ends with it.
    fn end(&mut self, action: usize, budget: &mut Budget) -> Result<(), GivenUp> {
        let slot = self.slots.iter().position(|slot| *slot == Some(action)).expect("what ends has begun");
        let mut seen = Frontier::default();
        let mut kept = Frontier::default();
        let mut queue: VecDeque<State> = std::mem::take(&mut self.states).into_iter().collect();
        while let Some(mut state) = queue.pop_front() {
            budget.spend()?;
            self.read_what_fits(&mut state);
            if state.done >> slot & 1 == 1 {
                state.done &= !(1 << slot);
                kept.insert(state);
            } else if seen.insert(state.clone()) {
                self.successors(&state, &mut queue);
            }
        }
        self.slots[slot] = None;
        self.states = kept.states();
        Ok(())
    }

    fn read_what_fits(&self, state: &mut State) {
        for (slot, action) in self.slots.iter().enumerate() {
            if action.is_some_and(|action| self.key.actions[action].effect == Effect::Read(state.value)) {
                state.done |= 1 << slot;
            }
        }
    }

    /// The states after one more effect. Reads are no successors: they took effect when they could.
    fn successors(&self, state: &State, queue: &mut VecDeque<State>) {
        for (slot, action) in self.slots.iter().enumerate() {
            let Some(effect) = action.map(|action| self.key.actions[action].effect) else { continue };
            if state.done >> slot & 1 == 1 || matches!(effect, Effect::Read(_)) {
                continue;
            }
            if let Some(value) = effect.apply(state.value) {
                queue.push_back(State { value, done: state.done | 1 << slot, used: state.used.clone() });
            }
        }
        for (kind, (effect, count)) in self.unended.iter().enumerate() {
            let used = state.used.get(kind).copied().unwrap_or(0);
            let Some(value) = effect.apply(state.value).filter(|value| *value != state.value) else { continue };
            if used < *count {
                let mut next = State { value, ..state.clone() };
                next.used.resize(self.unended.len(), 0);
                next.used[kind] += 1;
                queue.push_back(next);
            }
        }
    }
}
