//! Sets of names of models and of anomalies.

/// A set of names, in their order. There are a hundred names at most.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Names(Vec<&'static str>);

impl Names {
    /// Adds a name and says whether it is new.
    pub(super) fn insert(&mut self, name: &'static str) -> bool {
        let place = self.0.binary_search(&name);
        if let Err(place) = place {
            self.0.insert(place, name);
        }
        place.is_err()
    }

    pub(super) fn extend(&mut self, names: &Self) {
        for name in names.iter() {
            self.insert(name);
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.binary_search(&name).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    pub(super) fn into_vec(self) -> Vec<&'static str> {
        self.0
    }
}

impl FromIterator<&'static str> for Names {
    fn from_iter<I: IntoIterator<Item = &'static str>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.insert(name);
        }
        all
    }
}
