//! Reading of tagged tuples, such as the micro-operations of transactions: an array whose first item, the tag, decides
//! the types of the others.

use serde::{
    Deserialize,
    de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A type whose JSON form is an array that begins with a tag.
pub trait TaggedTuple: Sized {
    /// All tags.
    const TAGS: &'static [&'static str];

    /// Reads the items behind `tag`.
    fn read<'de, A: SeqAccess<'de>>(tag: &str, items: &mut Items<A>) -> Result<Self, A::Error>;
}

/// Decodes a tagged tuple.
pub fn tagged_tuple<'de, D: Deserializer<'de>, T: TaggedTuple>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_seq(TupleVisitor(PhantomData))
}

struct TupleVisitor<T>(PhantomData<T>);

#[derive(Deserialize)]
struct Tag<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, T: TaggedTuple> Visitor<'de> for TupleVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array that begins with one of {:?}", T::TAGS)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        let mut items = Items { items, read: 0 };
        let Tag(tag) = items.next()?;
        let value = T::read(&tag, &mut items);
        // serde_json gives an error without a position the position where reading stops. Reading the tuple to its end
        // makes that the tuple itself.
        while value.is_err() && matches!(items.items.next_element::<IgnoredAny>(), Ok(Some(_))) {}
        let value = value?;
        match items.items.next_element::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom(format_args!("more than {} items", items.read))),
        }
    }
}

/// The items of a tagged tuple that have not been read yet.
#[derive(Debug)]
pub struct Items<A> {
    items: A,
    read: usize,
}

impl<'de, A: SeqAccess<'de>> Items<A> {
    /// The next item, which must exist.
    #[expect(clippy::should_implement_trait, reason = "each item may have another type")]
    pub fn next<T: Deserialize<'de>>(&mut self) -> Result<T, A::Error> {
        let item = self.items.next_element()?;
        self.read += 1;
        item.ok_or_else(|| A::Error::custom(format_args!("item {} is missing", self.read)))
    }

    /// The next item, which must be `null`.
    pub fn null(&mut self) -> Result<(), A::Error> {
        self.next()
    }

    /// The error for a tag that is not one of `T`'s.
    pub fn unknown_tag<T: TaggedTuple>(&self, tag: &str) -> A::Error {
        A::Error::unknown_variant(tag, T::TAGS)
    }
}
