//! Tables by the numbers of keys and values.

use super::transactions::Id;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// A place for each pair of a key and a value. A history may have millions, in any order.
pub(super) type PlaceOf = IndexMap<(Id, Id), usize, FixedState>;

/// Places for each pair of a key and a value.
#[derive(Default)]
pub(super) struct PlacesOf {
    numbers: PlaceOf,
    places: Vec<Vec<usize>>,
}

impl PlacesOf {
    pub(super) fn add(&mut self, key: Id, value: Id, place: usize) {
        let number = *self.numbers.entry((key, value)).or_insert(self.places.len());
        if number == self.places.len() {
            self.places.push(Vec::new());
        }
        self.places[number].push(place);
    }

    /// The places of a pair, in the order in which they were added.
    pub(super) fn get(&self, key: Id, value: Id) -> &[usize] {
        self.numbers.get(&(key, value)).map_or(&[], |number| &self.places[*number])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Id, &[usize])> {
        self.numbers.iter().map(|((key, value), number)| (*key, *value, self.places[*number].as_slice()))
    }
}

/// Values by key, in the order of the keys. There are few, or new keys mostly come last.
#[derive(Clone, Debug)]
pub(super) struct ById<T>(Vec<(Id, T)>);

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ById<T> {
    pub(super) fn get(&self, key: Id) -> Option<&T> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    pub(super) fn get_mut(&mut self, key: Id) -> Option<&mut T> {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// The value of a key, which is made if there is none.
    pub(super) fn of(&mut self, key: Id) -> &mut T
    where
        T: Default,
    {
        let place = self.place(key).unwrap_or_else(|place| {
            self.0.insert(place, (key, T::default()));
            place
        });
        &mut self.0[place].1
    }

    /// Sets the value of a key, and returns the one that it had.
    pub(super) fn insert(&mut self, key: Id, value: T) -> Option<T> {
        match self.place(key) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    /// Sets the value of a key that has none, and says whether it had none.
    pub(super) fn add(&mut self, key: Id, value: T) -> bool {
        let place = self.place(key);
        if let Err(place) = place {
            self.0.insert(place, (key, value));
        }
        place.is_err()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Id, T)> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Id, T)> {
        self.0.iter_mut()
    }

    fn place(&self, key: Id) -> Result<usize, usize> {
        let place = self.0.partition_point(|(other, _)| *other < key);
        if self.0.get(place).is_some_and(|(other, _)| *other == key) { Ok(place) } else { Err(place) }
    }
}
