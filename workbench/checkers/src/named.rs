//! Values by name, for results: a few names, in their order, which become a JSON object.

use serde::{Serialize, Serializer};
use std::ops::Index;

/// Values by name, in the order of the names.
///
/// ```
/// use glomers_checkers::named::Named;
///
/// let mut counts = Named::<usize>::default();
/// *counts.of("stale") += 1;
/// *counts.of("lost") += 2;
/// assert_eq!(counts.names().collect::<Vec<_>>(), ["lost", "stale"]);
/// assert_eq!((counts["lost"], counts.get("garbage")), (2, None));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named<T>(Vec<(String, T)>);

impl<T> Named<T> {
    /// The value with this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// The value with this name, which is made if there is none.
    pub fn of(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        let place = self.place(name).unwrap_or_else(|place| {
            self.0.insert(place, (name.to_owned(), T::default()));
            place
        });
        &mut self.0[place].1
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Tells whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of a name, or the one that it would have.
    fn place(&self, name: &str) -> Result<usize, usize> {
        let place = self.0.partition_point(|(other, _)| other.as_str() < name);
        if self.0.get(place).is_some_and(|(other, _)| other == name) { Ok(place) } else { Err(place) }
    }
}

impl<T> Index<&str> for Named<T> {
    type Output = T;

    fn index(&self, name: &str) -> &T {
        self.get(name).unwrap_or_else(|| panic!("nothing has the name {name}"))
    }
}

/// As an object.
impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
