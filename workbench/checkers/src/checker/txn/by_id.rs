//! Tables by the numbers of keys and values.

use super::transactions::Id;
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::iter;

/// A place for each pair of a key and a value. A history may have millions, in any order.
///
/// Nearly all have small numbers: few values are at many keys, and they come early. These have a table of their own, because
/// a hash of a pair is a miss in the cache.
#[derive(Default)]
pub(super) struct PlaceOf {
    /// For each key, one more than the place of each value; 0 for none. A row has all its places from the start, or none.
    rows: Vec<Vec<u32>>,
    others: IndexMap<(Id, Id), u32, FixedState>,
}

/// The number of values in a row.
const VALUES: Id = 64;

/// The number of keys that have a row.
const KEYS: Id = 1 << 16;

impl PlaceOf {
    /// Sets the place of a pair, and returns the one that it had.
    pub(super) fn insert(&mut self, key: Id, value: Id, place: usize) -> Option<usize> {
        let number = u32::try_from(place + 1).expect("a history has fewer than 2^32 entries");
        let slot = if key < KEYS && value < VALUES {
            self.slot(key, value)
        } else {
            self.others.entry((key, value)).or_default()
        };
        let before = std::mem::replace(slot, number);
        before.checked_sub(1).map(|place| place as usize)
    }

    /// The place of a pair with small numbers in its row.
    fn slot(&mut self, key: Id, value: Id) -> &mut u32 {
        let key = key as usize;
        if key >= self.rows.len() {
            self.rows.resize(key + 1, Vec::new());
        }
        let row = &mut self.rows[key];
        if row.is_empty() {
            *row = vec![0; VALUES as usize];
        }
        &mut row[value as usize]
    }

    /// The place of a pair.
    pub(super) fn get(&self, key: Id, value: Id) -> Option<usize> {
        let number = if key < KEYS && value < VALUES {
            self.rows.get(key as usize)?.get(value as usize)?
        } else {
            self.others.get(&(key, value))?
        };
        number.checked_sub(1).map(|place| place as usize)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.others.is_empty()
    }
}

/// Places for each pair of a key and a value.
#[derive(Default)]
pub(super) struct PlacesOf {
    /// The number of each pair.
    numbers: PlaceOf,
    /// The pairs, and the links to the first and the last place of each.
    pairs: Vec<(Id, Id, usize, usize)>,
    /// The places, each with the link to the next one of its pair. A link that leads to itself is the last one.
    links: Vec<(usize, usize)>,
}

impl PlacesOf {
    pub(super) fn add(&mut self, key: Id, value: Id, place: usize) {
        let link = self.links.len();
        self.links.push((place, link));
        match self.numbers.get(key, value) {
            Some(number) => {
                let (_, _, _, last) = &mut self.pairs[number];
                self.links[*last].1 = link;
                *last = link;
            }
            None => {
                self.numbers.insert(key, value, self.pairs.len());
                self.pairs.push((key, value, link, link));
            }
        }
    }

    /// The places of a pair, in the order in which they were added.
    pub(super) fn get(&self, key: Id, value: Id) -> impl Iterator<Item = usize> + Clone {
        let number = self.numbers.get(key, value);
        number.into_iter().flat_map(|number| self.places(self.pairs[number].2))
    }

    /// All pairs with their places, in the order in which they were added.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Id, impl Iterator<Item = usize>)> {
        self.pairs.iter().map(|(key, value, first, _)| (*key, *value, self.places(*first)))
    }

    /// The places from a link on.
    fn places(&self, first: usize) -> impl Iterator<Item = usize> + Clone {
        let next = |link: &usize| Some(self.links[*link].1).filter(|next| next != link);
        iter::successors(Some(first), next).map(|link| self.links[link].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    proptest! {
        #[test]
        fn places_are_those_that_were_added(pairs in vec((select(vec![0, 1, KEYS - 1, KEYS]), select(vec![0, 7, VALUES - 1, VALUES])), 0..60)) {
            let (mut last, mut all) = (PlaceOf::default(), PlacesOf::default());
            let mut expected: IndexMap<(Id, Id), Vec<usize>> = IndexMap::new();
            for (place, pair) in pairs.into_iter().enumerate() {
                let places = expected.entry(pair).or_default();
                prop_assert_eq!(last.insert(pair.0, pair.1, place), places.last().copied());
                all.add(pair.0, pair.1, place);
                places.push(place);
                prop_assert!(!last.is_empty());
            }
            for key in [0, 1, 2, KEYS - 1, KEYS] {
                for value in [0, 7, 8, VALUES - 1, VALUES] {
                    let places = expected.get(&(key, value)).cloned().unwrap_or_default();
                    prop_assert_eq!(last.get(key, value), places.last().copied());
                    prop_assert_eq!(all.get(key, value).collect::<Vec<_>>(), places);
                }
            }
            let listed: Vec<_> = all.iter().map(|(key, value, places)| ((key, value), places.collect::<Vec<_>>())).collect();
            prop_assert_eq!(listed, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
