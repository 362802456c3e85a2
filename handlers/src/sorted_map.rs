//! A map as a list in the order of its keys. The maps of the handlers are small, or are filled nearly in order, so that
//! an insertion moves few entries. For a compiler it is a tenth of a `BTreeMap`, which is compiled again for each pair of
//! types.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{borrow::Borrow, fmt, marker::PhantomData, ops::Deref, vec};

/// A map from `K` to `V`. It dereferences to its entries in the order of the keys, and its JSON form is an object.
#[derive(Clone, Debug)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K: Ord, V> SortedMap<K, V> {
    /// An empty map.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    /// The value of a key, to be changed.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// The value of a key, which is inserted if there is none.
    pub(crate) fn or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let place = self.place(&key).unwrap_or_else(|place| {
            self.0.insert(place, (key, value()));
            place
        });
        &mut self.0[place].1
    }

    /// The value of a key, which is the default if there is none.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    /// Removes a key, and returns its value.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps the entries that fulfil a condition.
    pub(crate) fn retain(&mut self, mut is_kept: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| is_kept(key, value));
    }

    /// The entries from a key on.
    pub(crate) fn from(&self, key: &K) -> &[(K, V)] {
        let (Ok(place) | Err(place)) = self.place(key);
        &self.0[place..]
    }

    /// The entries, whose values may be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The index of a key, or the one at which it belongs. Most new keys belong at the end.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        match self.0.last() {
            Some((last, _)) if last.borrow() >= key => self.0.binary_search_by(|(other, _)| other.borrow().cmp(key)),
            _ => Err(self.0.len()),
        }
    }
}

impl<K: Ord, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Deref for SortedMap<K, V> {
    type Target = [(K, V)];

    fn deref(&self) -> &[(K, V)] {
        &self.0
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        entries.into_iter().for_each(|(key, value)| map.insert(key, value));
        map
    }
}

impl<K: Serialize, V: Serialize> Serialize for SortedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A map as a list of pairs, for keys that are no strings in JSON: `#[serde(with = "pairs")]`.
pub(crate) mod pairs {
    use super::SortedMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &SortedMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&map.0)
    }

    pub(crate) fn deserialize<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SortedMap<K, V>, D::Error> {
        Vec::deserialize(deserializer).map(SortedMap::from_iter)
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for SortedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = SortedMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<SortedMap<K, V>, A::Error> {
        let mut map = SortedMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;

    proptest! {
        /// It does what a `BTreeMap` does, and has the same JSON form.
        #[test]
        fn it_is_a_map(steps in vec((0..9u64, 0..3u8), 0..40)) {
            let (mut map, mut expected) = (SortedMap::new(), BTreeMap::new());
            for (index, (key, step)) in steps.into_iter().enumerate() {
                match step {
                    0 => assert_eq!(map.remove(&key), expected.remove(&key)),
                    1 => {
                        map.insert(key, index);
                        expected.insert(key, index);
                    }
                    _ => assert_eq!(map.or_insert_with(key, || index), expected.entry(key).or_insert(index)),
                }
                assert_eq!(map.get(&key), expected.get(&key));
                assert!(map.from(&key).iter().map(|(key, value)| (key, value)).eq(expected.range(key..)));
                let text = serde_json::to_string(&map).unwrap();
                assert_eq!(text, serde_json::to_string(&expected).unwrap());
                let read: SortedMap<u64, usize> = serde_json::from_str(&text).unwrap();
                assert_eq!(*read, *map);
            }
        }
    }
}
