//! Sets of running operations, by the slot that each has while it runs.

/// A set of slots, of which there are 64 times `WORDS`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Slots<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Slots<WORDS> {
    pub(super) const EMPTY: Self = Self([0; WORDS]);

    pub(super) fn insert(&mut self, slot: usize) {
        self.0[slot / 64] |= 1 << (slot % 64);
    }

    pub(super) fn remove(&mut self, slot: usize) {
        self.0[slot / 64] &= !(1 << (slot % 64));
    }

    pub(super) fn contains(&self, slot: usize) -> bool {
        self.0[slot / 64] >> (slot % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left & right)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left | right)
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left & !right)
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        self.zip(other, |left, right| left ^ right)
    }

    fn zip(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|word| combine(self.0[word], other.0[word])))
    }
}
