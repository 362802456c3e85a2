//! Values by name, for results: a few names, in their order, which become a JSON object.

use glomers_json::SortedMap;
use serde::Serialize;
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
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Named<T>(SortedMap<String, T>);

impl<T> Named<T> {
    /// The value with this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.get(name)
    }

    /// The value with this name, which is made if there is none.
    pub fn of(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), T::default());
        }
        self.0.get_mut(name).expect("it is there now")
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Tells whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Index<&str> for Named<T> {
    type Output = T;

    fn index(&self, name: &str) -> &T {
        self.get(name).unwrap_or_else(|| panic!("nothing has the name {name}"))
    }
}
