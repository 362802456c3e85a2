//! A raw value from a text that is known to be JSON.
//!
//! serde_json makes a [`RawValue`] from a text only after reading all of it. But the value can be deserialized from any
//! format that answers its request, a newtype with a certain name, with a map of this name and the text, as
//! serde_json's own deserializer does. If a release of serde_json asks for something else, the text is read after all.

use serde::{
    Deserialize, Deserializer,
    de::{Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Error, value::RawValue};
use std::iter;

pub(crate) fn raw_value(text: &str) -> Box<RawValue> {
    Box::deserialize(Verbatim(text)).unwrap_or_else(|_| serde_json::from_str(text).expect("the text is JSON"))
}

struct Verbatim<'a>(&'a str);

impl<'de> Deserializer<'de> for Verbatim<'_> {
    type Error = Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(iter::once((name, self.0.to_owned()))))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("a raw value is a newtype"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_not_read() {
        let raw: Box<RawValue> = Box::deserialize(Verbatim("{\"a\": [1 , 2]}")).expect("serde_json asks for a newtype");
        assert_eq!(raw.get(), "{\"a\": [1 , 2]}");
        assert_eq!(raw_value("[1]").get(), "[1]");
    }
}
