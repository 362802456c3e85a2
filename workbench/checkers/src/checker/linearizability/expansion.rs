//! All configurations after the end of an operation: just-in-time linearization (Lowe 2017).
//!
//! An operation that ends must have taken effect. Where it has not, other running operations may take effect first, in
//! every order, and it comes last; whatever could follow it can still follow later. These rules keep the orders few,
//! and none of them loses an answer:
//!
//! - **Silent operations.** An operation that is possible and changes nothing, such as a read that fits, becomes met at
//!   once.
//! - **Overwrites.** Before an operation that always succeeds and leaves the same state whatever was before, every
//!   other running overwrite may have taken effect unnoticed: it becomes met. That also holds if the state was the same
//!   before. This makes unread writes cheap: a hundred that run at once are one configuration for each value, not one
//!   for each subset.
//! - **Only with a reason.** An operation takes effect before its turn only if the state after it makes another one
//!   possible that is not an overwrite, or if it is a duty itself: open, and not an overwrite. Otherwise the next
//!   visible operation overwrites it, and the configuration in which it did not take effect, and is met, dominates.
//! - **Earliest end first.** Of equal operations that all run, the one that ends first takes effect first: in any order
//!   in which the other does, the two can change places. In particular, nothing equal to the ending operation goes
//!   before it.
//! - **Commuting operations.** An operation that can change places with the ending one, with every other operation that
//!   may go before it and with every one that waits for a state, need not go before it: only the operations that are
//!   connected to the ending one by pairs that do not commute do.

use super::{
    budget::{Limit, Meter},
    configurations::{Antichain, Configuration, KindId, Marks},
    model::{Effect, Model},
    part::Part,
    rows::{Row, Rows},
    running::{Choice, Running},
    slots::Slots,
    states::{StateId, States, Step},
};
use std::{collections::VecDeque, rc::Rc};

/// The configurations after an end, while they are looked for.
pub(super) struct Expansion<'a, M: Model, const WORDS: usize> {
    model: &'a M,
    part: &'a Part<M::Operation>,
    running: &'a Running<WORDS>,
    states: &'a mut States<M::State>,
    meter: &'a mut Meter,
    /// The operation that ends.
    slot: usize,
    kind: KindId,
    effect: Effect,
    /// True if it commutes with a running operation, so that some may have no part in the orders that end with it.
    commutes: bool,
    rows: Rows<WORDS>,
    /// Those in which it has not taken effect yet.
    seen: Antichain<WORDS>,
    queue: VecDeque<Configuration<WORDS>>,
    /// Those in which it has.
    kept: Antichain<WORDS>,
}

impl<'a, M: Model, const WORDS: usize> Expansion<'a, M, WORDS> {
    pub(super) fn new(
        model: &'a M,
        part: &'a Part<M::Operation>,
        running: &'a Running<WORDS>,
        states: &'a mut States<M::State>,
        meter: &'a mut Meter,
        (slot, kind): (usize, KindId),
    ) -> Self {
        let ending = &part.kinds[kind as usize];
        Self {
            model,
            part,
            running,
            states,
            meter,
            slot,
            kind,
            effect: model.effect(ending),
            commutes: running.kinds().any(|other| model.commutes(ending, &part.kinds[other as usize])),
            rows: Rows::new(),
            seen: Antichain::default(),
            queue: VecDeque::new(),
            kept: Antichain::default(),
        }
    }

    /// Takes a configuration from before the end.
    pub(super) fn start(&mut self, configuration: Configuration<WORDS>) -> Result<(), Limit> {
        self.meter.spend(1)?;
        let marks = &configuration.marks;
        if marks.used.contains(self.slot) {
            return self.keep(configuration);
        }
        if marks.met.contains(self.slot) {
            self.keep(configuration.clone())?;
        }
        // Two common cases need no row: a read of the state, and an overwrite before which no other operation has to
        // go.
        let is_alone = match self.effect {
            Effect::Observe if marks.met.contains(self.slot) => return Ok(()),
            Effect::Observe => true,
            Effect::Overwrite => self.duties(marks).is_empty(),
            Effect::Update => false,
        };
        if !is_alone {
            return self.push(configuration);
        }
        match self.states.step(self.model, configuration.state, &self.part.kinds[self.kind as usize]) {
            Step::Impossible => self.push(configuration),
            Step::Same if self.effect == Effect::Observe => self.keep(configuration),
            Step::Same => {
                self.keep(self.after(&configuration, Choice::Slot(self.slot), self.kind, configuration.state))
            }
            Step::To(next) => self.keep(self.after(&configuration, Choice::Slot(self.slot), self.kind, next)),
        }
    }

    /// The open operations that no overwrite meets.
    fn duties(&self, marks: &Marks<WORDS>) -> Slots<WORDS> {
        self.running.all.without(&marks.used).without(&marks.met).without(&self.running.overwrites)
    }

    /// Tries all orders and returns the configurations in which the operation has taken effect.
    pub(super) fn finish(mut self) -> Result<Vec<Configuration<WORDS>>, Limit> {
        while let Some(configuration) = self.queue.pop_front() {
            // One that was found later may dominate it.
            if self.seen.contains(&configuration) {
                self.expand(&configuration)?;
            }
        }
        Ok(self.kept.into_vec())
    }

    fn expand(&mut self, configuration: &Configuration<WORDS>) -> Result<(), Limit> {
        self.meter.spend(1)?;
        let row = self.row(configuration.state);
        let marks = &configuration.marks;
        if let Some((_, next)) = row.moves.iter().find(|(kind, _)| *kind == self.kind) {
            self.keep(self.after(configuration, Choice::Slot(self.slot), self.kind, *next))?;
        }
        let duties = self.duties(marks);
        if self.effect == Effect::Overwrite && duties.is_empty() {
            return Ok(());
        }
        let connected = self.commutes.then(|| self.connected(configuration));
        let goes_before = |kind: KindId| {
            kind != self.kind && connected.as_ref().is_none_or(|connected| connected.binary_search(&kind).is_ok())
        };
        let before: Vec<_> = row.moves.iter().copied().filter(|(kind, _)| goes_before(*kind)).collect();
        for (kind, next) in before {
            for choice in self.running.choices(kind, marks) {
                let after = self.after(configuration, choice, kind, next);
                let is_duty = matches!(choice, Choice::Slot(slot) if duties.contains(slot));
                if is_duty || self.enables(configuration, &after) {
                    self.push(after)?;
                }
            }
        }
        Ok(())
    }

    /// The kinds that pairs which do not commute connect to the ending one, by way of operations that may still take
    /// effect.
    fn connected(&self, configuration: &Configuration<WORDS>) -> Vec<KindId> {
        let done = configuration.marks.used.or(&configuration.marks.met.and(&self.running.observers));
        let waits = |kind: &KindId| {
            self.running.unended(*kind) > 0 || self.running.slots(*kind).iter().any(|slot| !done.contains(*slot))
        };
        let mut others: Vec<_> = self.running.kinds().filter(waits).collect();
        let mut connected = vec![self.kind];
        let mut queue = vec![self.kind];
        while let Some(kind) = queue.pop() {
            let commutes = |other: &KindId| {
                self.model.commutes(&self.part.kinds[kind as usize], &self.part.kinds[*other as usize])
            };
            for other in others.extract_if(.., |other| !commutes(other)) {
                if let Err(place) = connected.binary_search(&other) {
                    connected.insert(place, other);
                    queue.push(other);
                }
            }
        }
        connected
    }

    /// Tells whether the state of `after` makes possible an operation that is not an overwrite and still waits in
    /// `before`.
    fn enables(&mut self, before: &Configuration<WORDS>, after: &Configuration<WORDS>) -> bool {
        let row = self.row(after.state);
        let waiting =
            self.running.observers.without(&before.marks.met).or(&self.running.all.without(&self.running.observers));
        let is_left = |kind: &KindId| after.marks.spent(*kind) < self.running.unended(*kind);
        !row.enabled.and(&waiting).without(&after.marks.used).is_empty() || row.enabled_unended.iter().any(is_left)
    }

    fn after(
        &self,
        configuration: &Configuration<WORDS>,
        choice: Choice,
        kind: KindId,
        next: StateId,
    ) -> Configuration<WORDS> {
        let mut marks = configuration.marks.clone();
        match choice {
            Choice::Slot(slot) => marks.use_slot(slot),
            Choice::Unended(kind) => marks.spend(kind),
        }
        if self.model.effect(&self.part.kinds[kind as usize]) == Effect::Overwrite {
            marks.meet(&self.running.overwrites);
        }
        Configuration { state: next, marks }
    }

    /// Adds a configuration from which the search goes on.
    fn push(&mut self, mut configuration: Configuration<WORDS>) -> Result<(), Limit> {
        let row = self.row(configuration.state);
        configuration.marks.meet(&row.silent);
        if row.silent.contains(self.slot) {
            self.keep(configuration.clone())?;
            if self.effect == Effect::Observe {
                return Ok(());
            }
        }
        self.count(self.seen.rivals(configuration.state))?;
        if self.seen.insert(configuration.clone()) {
            self.queue.push_back(configuration);
        }
        Ok(())
    }

    /// Adds a configuration in which the operation has taken effect.
    fn keep(&mut self, mut configuration: Configuration<WORDS>) -> Result<(), Limit> {
        configuration.marks.release(self.slot);
        self.count(self.kept.rivals(configuration.state))?;
        self.kept.insert(configuration);
        Ok(())
    }

    /// Comparisons are cheap, but there may be many of them.
    fn count(&mut self, comparisons: usize) -> Result<(), Limit> {
        const COMPARISONS_PER_STEP: usize = 32;
        self.meter.spend((comparisons / COMPARISONS_PER_STEP) as u64)?;
        self.meter.hold(self.seen.len() + self.queue.len() + self.kept.len() + self.states.len())
    }

    fn row(&mut self, state: StateId) -> Rc<Row<WORDS>> {
        self.rows.row(self.model, self.part, self.running, self.states, state)
    }
}
