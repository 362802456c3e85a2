//! JSON values by number, so that the rest of an analysis works on numbers: the same number for equal values, however they
//! are written. A text is looked into once.

use crate::history::Op;
use glomers_protocol::Any;
use indexmap::{IndexMap, IndexSet};
use serde_json::value::RawValue;

/// The values met so far.
#[derive(Default)]
pub(crate) struct Numbers<'a> {
    by_text: IndexMap<&'a str, usize>,
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
        let all: Vec<&'a RawValue> = serde_json::from_str(op.value.text()).unwrap_or_default();
        all.into_iter().map(|element| self.number(element.get())).collect()
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
