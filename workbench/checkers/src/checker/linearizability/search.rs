//! The walk through the events of a part, with all configurations in which the object may be.
//!
//! A beginning only adds an operation to those that run. At an end, the configurations stay in which the operation has
//! taken effect, after every order of effects that ends with it was tried (see [`expansion`](super::expansion)).

use super::{
    budget::{Limit, Meter},
    configurations::{Configuration, Marks},
    expansion::Expansion,
    model::Model,
    part::{Event, Part},
    running::Running,
    slots::Slots,
    states::{StateId, States},
};
use crate::order::sort_by_number;
use foldhash::fast::FixedState;
use indexmap::IndexSet;
use std::hash::Hash;

/// The result of a search.
#[derive(Debug)]
pub(super) enum Outcome {
    Linearizable,
    /// The search ended at this event; so many operations ran.
    GivenUp {
        place: usize,
        running: usize,
        limit: Limit,
    },
    /// The event at this place contradicts all before it.
    Violated {
        place: usize,
        /// The states in which the object may have been just before it, in words.
        before: Vec<String>,
        /// The last place from which on the events contradict each other whatever was before, as far as was looked.
        from: usize,
    },
}

/// The steps that may be spent to make a window shorter.
const WINDOW_STEPS: u64 = 1_000_000;

/// States in a fixed order.
type Possible<S> = IndexSet<S, FixedState>;

/// Searches a part from its first event on.
pub(super) fn search<M: Model>(model: &M, part: &Part<M::Operation>, meter: &mut Meter) -> Outcome {
    match part.concurrency() {
        0..=64 => Search::<M, 1>::run(model, part, meter),
        65..=512 => Search::<M, 8>::run(model, part, meter),
        _ => Search::<M, 64>::run(model, part, meter),
    }
}

/// A search at some event.
#[derive(Debug)]
struct Search<'a, M: Model, const WORDS: usize> {
    model: &'a M,
    part: &'a Part<M::Operation>,
    running: Running<WORDS>,
    states: States<M::State>,
    configurations: Vec<Configuration<WORDS>>,
}

impl<'a, M: Model, const WORDS: usize> Search<'a, M, WORDS> {
    fn new(model: &'a M, part: &'a Part<M::Operation>) -> Self {
        Self { model, part, running: Running::new(), states: States::default(), configurations: Vec::new() }
    }

    fn run(model: &'a M, part: &'a Part<M::Operation>, meter: &mut Meter) -> Outcome {
        let mut search = Self::new(model, part);
        let initial = search.states.intern(model.initial());
        search.configurations.push(Configuration { state: initial, marks: Marks::new(Slots::EMPTY) });
        let mut before = Vec::new();
        for (place, event) in part.events.iter().enumerate() {
            before.clear();
            before.extend(search.configurations.iter().map(|configuration| configuration.state));
            match search.advance(*event, meter) {
                Err(limit) => return Outcome::GivenUp { place, running: search.running.len(), limit },
                Ok(()) if search.configurations.is_empty() => return search.violation(place, before, meter),
                Ok(()) => {}
            }
        }
        Outcome::Linearizable
    }

    fn advance(&mut self, event: Event, meter: &mut Meter) -> Result<(), Limit> {
        match event {
            Event::Begin(place) => self.running.begin(self.model, self.part, place),
            Event::End(place) => self.end(place, meter),
        }
    }

    fn end(&mut self, place: usize, meter: &mut Meter) -> Result<(), Limit> {
        let kind = self.part.actions[place].kind;
        let slot = self.running.slot(place);
        let configurations = std::mem::take(&mut self.configurations);
        let mut expansion = Expansion::new(self.model, self.part, &self.running, &mut self.states, meter, (slot, kind));
        for configuration in configurations {
            expansion.start(configuration)?;
        }
        self.configurations = expansion.finish()?;
        self.running.end(slot, kind);
        self.forget_states();
        Ok(())
    }

    /// Forgets states in which the object can no longer be, once they are many.
    fn forget_states(&mut self) {
        let is_over = self.configurations.is_empty();
        if !is_over && self.states.len() > 200 + 4 * self.configurations.len() {
            self.states.keep(self.configurations.iter_mut().map(|configuration| &mut configuration.state));
        }
    }

    /// The last place from which on the events contradict each other up to `place`, whatever was before.
    fn violation(&self, place: usize, before: Vec<StateId>, meter: &Meter) -> Outcome {
        let kinds: Vec<_> = self.part.kinds.iter().collect();
        let mut states: Possible<M::State> = self.model.states(&kinds).into_iter().collect();
        if states.is_empty() {
            states.extend(self.states.iter().cloned());
        }
        let before = in_order(before, &self.states, &states);
        let mut meter = meter.again(WINDOW_STEPS);
        let mut fails = |from| {
            let search = Self::anywhere(self.model, self.part, from, &states).ok()?;
            search.fails_between(from, place, &mut meter).ok()
        };
        // To know less only makes more possible: before an event that does not fail, none after it does.
        let (mut failing, mut passing) = (0, place + 1);
        while passing - failing > 1 {
            let middle = failing.midpoint(passing);
            match fails(middle) {
                Some(true) => failing = middle,
                _ => passing = middle,
            }
        }
        let before = before.into_iter().map(|state| self.model.display(state)).collect();
        Outcome::Violated { place, before, from: failing }
    }

    /// A search that begins at the event at `from` and knows nothing of what was before but which operations run: each
    /// may have taken effect or not, and the object may be in any of these states.
    fn anywhere(
        model: &'a M,
        part: &'a Part<M::Operation>,
        from: usize,
        states: &Possible<M::State>,
    ) -> Result<Self, Limit> {
        let mut search = Self::new(model, part);
        for event in &part.events[..from] {
            match *event {
                Event::Begin(place) => search.running.begin(model, part, place)?,
                Event::End(place) => {
                    let slot = search.running.slot(place);
                    search.running.end(slot, part.actions[place].kind);
                }
            }
        }
        for state in states {
            let state = search.states.intern(state.clone());
            search.configurations.push(Configuration { state, marks: Marks::new(search.running.all) });
        }
        Ok(search)
    }

    /// Tells whether no configuration is left after the events from one place to another, both included.
    fn fails_between(mut self, from: usize, to: usize, meter: &mut Meter) -> Result<bool, Limit> {
        for event in &self.part.events[from..=to] {
            self.advance(*event, meter)?;
            if self.configurations.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The states of configurations, each once, in the order of all possible ones.
fn in_order<'a, S: Clone + Eq + Hash>(
    mut ids: Vec<StateId>,
    known: &'a States<S>,
    possible: &Possible<S>,
) -> Vec<&'a S> {
    sort_by_number(&mut ids, |id| u64::from(*id));
    ids.dedup();
    let mut states: Vec<&S> = ids.into_iter().map(|id| known.get(id)).collect();
    sort_by_number(&mut states, |state| possible.get_index_of(*state).map_or(0, |place| place as u64 + 1));
    states
}
