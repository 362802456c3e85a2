//! The operations that run at some point of a history: those whose end is known, each in a slot, and those without a
//! known end.

use super::{
    budget::Limit,
    configurations::{KindId, Marks},
    model::{Effect, Model},
    part::Part,
    slots::Slots,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// An operation that a configuration may let take effect.
#[derive(Clone, Copy, Debug)]
pub(super) enum Choice {
    /// The one in this slot.
    Slot(usize),
    /// One of this kind without a known end.
    Unended(KindId),
}

/// The running operations.
#[derive(Debug)]
pub(super) struct Running<const WORDS: usize> {
    /// The action in each slot.
    slots: Vec<Option<usize>>,
    /// The slots of each kind, the earliest end first.
    by_kind: IndexMap<KindId, Vec<usize>, FixedState>,
    /// The number of operations of each kind that have begun without a known end.
    unended: IndexMap<KindId, u32, FixedState>,
    pub(super) all: Slots<WORDS>,
    pub(super) observers: Slots<WORDS>,
    pub(super) overwrites: Slots<WORDS>,
}

impl<const WORDS: usize> Running<WORDS> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            by_kind: IndexMap::default(),
            unended: IndexMap::default(),
            all: Slots::EMPTY,
            observers: Slots::EMPTY,
            overwrites: Slots::EMPTY,
        }
    }

    pub(super) fn begin<M: Model>(&mut self, model: &M, part: &Part<M::Operation>, place: usize) -> Result<(), Limit> {
        let action = &part.actions[place];
        let Some(end) = action.end else {
            *self.unended.entry(action.kind).or_default() += 1;
            return Ok(());
        };
        let slot = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if slot == WORDS * 64 {
            return Err(Limit::Concurrency(slot));
        }
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(place);
        self.all.insert(slot);
        match model.effect(part.operation(action)) {
            Effect::Observe => self.observers.insert(slot),
            Effect::Overwrite => self.overwrites.insert(slot),
            Effect::Update => {}
        }
        let alike = self.by_kind.entry(action.kind).or_default();
        let ends_by = |other: &usize| self.slots[*other].and_then(|other| part.actions[other].end) < Some(end);
        alike.insert(alike.partition_point(ends_by), slot);
        Ok(())
    }

    /// The slot of an action that has begun.
    pub(super) fn slot(&self, place: usize) -> usize {
        self.slots.iter().position(|slot| *slot == Some(place)).expect("an action that ends has begun")
    }

    pub(super) fn end(&mut self, slot: usize, kind: KindId) {
        self.slots[slot] = None;
        for set in [&mut self.all, &mut self.observers, &mut self.overwrites] {
            set.remove(slot);
        }
        let alike = self.by_kind.get_mut(&kind).expect("a running action is listed under its kind");
        alike.retain(|other| *other != slot);
        if alike.is_empty() {
            self.by_kind.swap_remove(&kind);
        }
    }

    /// The kinds of which an operation runs, each once.
    pub(super) fn kinds(&self) -> impl Iterator<Item = KindId> {
        let only_unended = self.unended.keys().filter(|kind| !self.by_kind.contains_key(*kind));
        self.by_kind.keys().chain(only_unended).copied()
    }

    pub(super) fn slots(&self, kind: KindId) -> &[usize] {
        self.by_kind.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The number of operations of a kind that have begun without a known end.
    pub(super) fn unended(&self, kind: KindId) -> u32 {
        self.unended.get(&kind).copied().unwrap_or(0)
    }

    /// The number of running operations.
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flatten().count() + self.unended.values().map(|count| *count as usize).sum::<usize>()
    }

    /// The operations of a kind that may take effect next, at most two: of operations that are alike and that all run,
    /// it loses nothing to take the one that ends first, except that a met one is not under the duty of an open one.
    pub(super) fn choices(&self, kind: KindId, marks: &Marks<WORDS>) -> impl Iterator<Item = Choice> + use<WORDS> {
        let mut available = self.slots(kind).iter().copied().filter(|slot| !marks.used.contains(*slot));
        let first = available.next();
        let then_open = first.filter(|slot| marks.met.contains(*slot));
        let second = then_open.and_then(|_| available.find(|slot| !marks.met.contains(*slot)));
        let is_left = first.is_none() && marks.spent(kind) < self.unended(kind);
        let unended = is_left.then_some(Choice::Unended(kind));
        first.map(Choice::Slot).into_iter().chain(second.map(Choice::Slot)).chain(unended)
    }
}
