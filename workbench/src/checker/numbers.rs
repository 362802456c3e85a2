//! JSON values by number, so that the rest of an analysis works on numbers: the same number for equal values, however they
//! are written. A text is looked into once.

use crate::history::Op;
use foldhash::fast::FixedState;
use glomers_protocol::Any;
use indexmap::{IndexMap, IndexSet};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The values met so far.
#[derive(Default)]
pub(crate) struct Numbers<'a> {
    /// Every element of every read is looked up here, so the hash is a fast one.
    by_text: IndexMap<&'a str, usize, FixedState>,
    distinct: IndexSet<Any>,
}

impl<'a> Numbers<'a> {
    /// The number of a value, from its JSON text; numbers count from 0 in the order in which values are met.
    pub(crate) fn number(&mut self, text: &'a str) -> usize {
        if let Some(number) = self.by_text.get(text) {
            return *number;
        }
        let value = serde_json::from_str(text).expect("it was part of a JSON value");
        let (number, _) = self.distinct.insert_full(value);
        self.by_text.insert(text, number);
        number
    }

    /// The numbers of the elements of an entry's value; none if it is no list.
    pub(crate) fn elements(&mut self, op: &'a Op) -> Vec<usize> {
        let mut value = serde_json::Deserializer::from_str(op.value.text());
        value.deserialize_seq(Elements(self)).unwrap_or_default()
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: usize) -> &Any {
        &self.distinct[number]
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.distinct.len()
    }
}

/// Takes the elements of a list as they come: reads are long, and there are many.
struct Elements<'n, 'a>(&'n mut Numbers<'a>);

impl<'a> Visitor<'a> for Elements<'_, 'a> {
    type Value = Vec<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Vec<usize>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(element) = list.next_element::<&'a RawValue>()? {
            numbers.push(self.0.number(element.get()));
        }
        Ok(numbers)
    }
}
