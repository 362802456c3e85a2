//! A map and a set that are lists in order. The JSON forms are those of a `BTreeMap` and a `BTreeSet`, with a tenth of the code
//! for a compiler, which makes a tree again for each pair of types.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use std::{borrow::Borrow, cmp::Ordering, fmt, marker::PhantomData, ops::Deref, vec};

/// A map from `K` to `V`. It dereferences to its entries in the order of their keys, and its JSON form is an object.
///
/// An entry that comes out of order moves those behind it. That is cheap in small maps and for keys that count up, and too
/// much for many thousand keys in random order.
///
/// ```
/// use glomers_json::SortedMap;
///
/// let mut sizes = SortedMap::from_iter([("n2", 7), ("n1", 3)]);
/// *sizes.or_insert("n3", 0) += 1;
/// assert_eq!(*sizes, [("n1", 3), ("n2", 7), ("n3", 1)]);
/// assert_eq!(sizes.get("n2"), Some(&7));
/// assert_eq!(sizes.remove("n4"), None);
/// assert_eq!(serde_json::to_string(&sizes)?, r#"{"n1":3,"n2":7,"n3":1}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SortedMap<K, V>(Vec<(K, V)>);

impl<K: Ord, V> SortedMap<K, V> {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    /// Tells whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| &mut self.0[place].1)
    }

    /// The value of a key, which becomes `value` if there is none.
    pub fn or_insert(&mut self, key: K, value: V) -> &mut V {
        self.or_insert_with(key, || value)
    }

    /// The value of a key, which is made if there is none.
    pub fn or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        let place = self.place(&key).unwrap_or_else(|place| {
            self.0.insert(place, (key, value()));
            place
        });
        &mut self.0[place].1
    }

    /// The value of a key, which is the default if there is none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    /// Removes a key, and returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps the entries that fulfil a condition.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| is_kept(key, value));
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The entries from a key on.
    pub fn from(&self, key: &K) -> &[(K, V)] {
        let (Ok(place) | Err(place)) = self.place(key);
        &self.0[place..]
    }

    /// The entries, whose values may be changed.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The index of a key, or the one at which it belongs. Most new keys belong at the end.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let Some(((last, _), before)) = self.0.split_last() else { return Err(0) };
        match last.borrow().cmp(key) {
            Ordering::Less => Err(self.0.len()),
            Ordering::Equal => Ok(before.len()),
            Ordering::Greater => before.binary_search_by(|(other, _)| other.borrow().cmp(key)),
        }
    }
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
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

/// A map as a list of pairs, for keys that are no strings in JSON: `#[serde(with = "glomers_json::pairs")]`.
pub mod pairs {
    use super::SortedMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes a list of pairs.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &SortedMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&map.0)
    }

    /// Reads a list of pairs. Of two with the same key, the later counts.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SortedMap<K, V>, D::Error> {
        Vec::deserialize(deserializer).map(SortedMap::from_iter)
    }
}

/// A set. It dereferences to its items in order, and its JSON form is an array. An item that comes out of order moves those
/// behind it, as in a [`SortedMap`].
///
/// ```
/// use glomers_json::SortedSet;
///
/// let mut heard = SortedSet::from_iter([3, 1, 3]);
/// assert!(heard.insert(2) && !heard.insert(1));
/// assert_eq!(*heard, [1, 2, 3]);
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SortedSet<T>(Vec<T>);

impl<T: Ord> SortedSet<T> {
    /// An empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an item, and tells whether it is new.
    pub fn insert(&mut self, item: T) -> bool {
        let place = self.0.binary_search(&item);
        if let Err(at) = place {
            self.0.insert(at, item);
        }
        place.is_err()
    }

    /// Tells whether an item is there.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|known| known.borrow().cmp(item)).is_ok()
    }

    /// Removes an item.
    pub fn remove(&mut self, item: &T) {
        if let Ok(at) = self.0.binary_search(item) {
            self.0.remove(at);
        }
    }

    /// Removes all items.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keeps the items that fulfil a condition.
    pub fn retain(&mut self, is_kept: impl FnMut(&T) -> bool) {
        self.0.retain(is_kept);
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for SortedSet<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.insert(item);
        }
    }
}

impl<T: Serialize> Serialize for SortedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        /// They do what trees do, and have the same JSON forms.
        #[test]
        fn they_are_what_trees_are(steps in vec((0..9_u64, 0..3_u8), 0..40)) {
            let (mut map, mut set, mut tree, mut tree_set) =
                (SortedMap::new(), SortedSet::new(), BTreeMap::new(), BTreeSet::new());
            for (index, (key, step)) in steps.into_iter().enumerate() {
                match step {
                    0 => {
                        prop_assert_eq!(map.remove(&key), tree.remove(&key));
                        set.remove(&key);
                        tree_set.remove(&key);
                    }
                    1 => {
                        map.insert(key, index);
                        tree.insert(key, index);
                        prop_assert_eq!(set.insert(key), tree_set.insert(key));
                    }
                    _ => prop_assert_eq!(map.or_insert(key, index), tree.entry(key).or_insert(index)),
                }
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(set.contains(&key), tree_set.contains(&key));
                prop_assert!(map.from(&key).iter().map(|(key, value)| (key, value)).eq(tree.range(key..)));
            }
            let text = serde_json::to_string(&map).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&tree).unwrap());
            prop_assert_eq!(serde_json::to_string(&set).unwrap(), serde_json::to_string(&tree_set).unwrap());
            prop_assert_eq!(serde_json::from_str::<SortedMap<u64, usize>>(&text).unwrap(), map);
        }
    }
}
