//! A set of values in the order of their arrival, for values that are mostly integers that count up, as Maelstrom's are.
//!
//! Such an integer is one bit of a block of 512, so what is looked up for thousands of values in turn stays in the nearest
//! cache. In a hash table of values, each of them is a miss. Integers that lie far apart take a block each, which is 72 bytes.

use foldhash::fast::FixedState;
use glomers_protocol::Json;
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize, Serializer};

/// Values, each once.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<Json>")]
pub(crate) struct ValueSet {
    /// All values, in order of arrival.
    values: Vec<Json>,
    /// The non-negative integers by their 512s.
    blocks: IndexMap<u64, Block, FixedState>,
    /// The other values.
    others: IndexSet<Json, FixedState>,
}

/// One bit for each of 512 integers.
type Block = [u64; 8];

impl ValueSet {
    /// Tells if a value is there.
    pub(crate) fn contains(&self, value: &Json) -> bool {
        match place(value) {
            Some((number, word, bit)) => self.block(number).is_some_and(|block| block[word] & bit != 0),
            None => self.others.contains(value),
        }
    }

    /// Adds a value, and tells if it is new.
    pub(crate) fn insert(&mut self, value: Json) -> bool {
        let is_new = match place(&value) {
            Some((block, word, bit)) => {
                let word = &mut self.blocks.entry(block).or_default()[word];
                let is_new = *word & bit == 0;
                *word |= bit;
                is_new
            }
            None => self.others.insert(value.clone()),
        };
        if is_new {
            self.values.push(value);
        }
        is_new
    }

    /// The block with a number. Of numbers that count up it is the last one.
    fn block(&self, number: u64) -> Option<&Block> {
        match self.blocks.last() {
            Some((last, block)) if *last == number => Some(block),
            _ => self.blocks.get(&number),
        }
    }

    /// All values, in order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Json> {
        self.values.iter()
    }
}

/// The block of a non-negative integer, its word there, and its bit.
fn place(value: &Json) -> Option<(u64, usize, u64)> {
    // Two texts of JSON are the same number only if they are equal, so other forms of an integer are other values.
    let number: u64 = value.as_str().parse().ok()?;
    Some((number / 512, (number / 64 % 8) as usize, 1 << (number % 64)))
}

impl From<Vec<Json>> for ValueSet {
    fn from(values: Vec<Json>) -> Self {
        let mut set = Self::default();
        for value in values {
            set.insert(value);
        }
        set
    }
}

impl Serialize for ValueSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};

    fn texts() -> impl Strategy<Value = String> {
        let others = [
            "-0",
            "-1",
            "0.0",
            "1e2",
            "1.0",
            "\"1\"",
            "\"\\u0061\"",
            "\"a\"",
            "null",
            "[1]",
            "[ 1]",
            "{}",
            "18446744073709551615",
            "18446744073709551616",
            "511",
            "512",
            "513",
        ];
        prop_oneof![
            (0..1100_u64).prop_map(|number| number.to_string()),
            select(others.to_vec()).prop_map(str::to_owned)
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_set_of_values(texts in vec(texts(), 0..60)) {
            let (mut set, mut expected) = (ValueSet::default(), IndexSet::<Json>::new());
            for text in &texts {
                let value: Json = Json::from_valid_text(text);
                prop_assert_eq!(set.contains(&value), expected.contains(&value), "{}", text);
                prop_assert_eq!(set.insert(value.clone()), expected.insert(value), "{}", text);
            }
            prop_assert!(set.iter().eq(&expected));
            let written = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(&written, &serde_json::to_string(&expected).unwrap());
            let read: ValueSet = serde_json::from_str(&written).unwrap();
            prop_assert!(read.iter().eq(&expected) && expected.iter().all(|value| read.contains(value)));
        }
    }
}
