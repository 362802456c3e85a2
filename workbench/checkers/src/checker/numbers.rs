//! JSON values by number, so that the rest of an analysis works on numbers: the same number for equal values, however
//! they are written. A text is looked into once.
//!
//! Reads of a growing set are as long as the set and mostly begin as the same client's last one did. Only what comes
//! behind that is looked into; else reading would be most of the work.

use crate::history::{Clients, Op};
use foldhash::fast::FixedState;
use glomers_json::Json;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Deserializer, value::RawValue};
use std::mem;

/// The values met so far.
#[derive(Default)]
pub(crate) struct Numbers<'a> {
    by_text: IndexMap<&'a str, usize, FixedState>,
    distinct: IndexSet<Json, FixedState>,
    lists: Clients<List<'a>>,
}

/// The list that a client read last.
#[derive(Default)]
struct List<'a> {
    text: &'a str,
    /// The place at which each element ends; `numbers` holds its number.
    ends: Vec<usize>,
    numbers: Vec<usize>,
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
        let mut list = mem::take(self.lists.of(op.process));
        list.keep_common(op.value.as_str());
        while let Some((element, end)) = list.next() {
            list.numbers.push(self.number(element));
            list.ends.push(end);
        }
        let numbers = list.numbers.clone();
        *self.lists.of(op.process) = list;
        numbers
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: usize) -> &Json {
        &self.distinct[number]
    }

    /// The number of distinct values.
    pub(crate) fn len(&self) -> usize {
        self.distinct.len()
    }
}

/// The number of bytes that are compared at a time.
const BLOCK: usize = 64;

impl<'a> List<'a> {
    /// Takes another text, and keeps the elements at its beginning that are the same.
    fn keep_common(&mut self, text: &'a str) {
        let [old, new] = [self.text, text].map(|text| text.as_bytes().chunks(BLOCK));
        let common = BLOCK * old.zip(new).take_while(|(old, new)| old == new).count();
        // An element that ends where the common text does might go on.
        let kept = self.ends.partition_point(|end| *end < common);
        self.ends.truncate(kept);
        self.numbers.truncate(kept);
        self.text = text;
    }

    /// The element behind those that are known, and where it ends. The text is one JSON value, and so needs no check.
    fn next(&self) -> Option<(&'a str, usize)> {
        let before = self.ends.last().copied().unwrap_or(0);
        let rest = self.text[before..].trim_ascii_start();
        let rest = rest.strip_prefix(if self.ends.is_empty() { '[' } else { ',' })?;
        let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
        let element = values.next()?.ok()?;
        Some((element.get(), self.text.len() - rest.len() + values.byte_offset()))
    }
}
