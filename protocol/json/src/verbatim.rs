//! The form in which serde_json takes and hands out the text of a value. It is that of its `RawValue`: a newtype with a
//! certain name when it is read, and a struct with this name and one field of this name when it is written. A [`Json`] reads
//! and writes it itself, because a `RawValue` in between would be an allocation for each integer.
//!
//! The name is private to serde_json, but any deserializer is told it. The tests of this crate fail if a release of
//! serde_json changes more than the name.

use crate::Json;
use memchr::memchr2;
use serde::{
    Deserialize, Deserializer, Serializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
    forward_to_deserialize_any,
    ser::SerializeStruct,
};
use serde_json::{Error, value::RawValue};
use std::{cell::Cell, fmt, sync::LazyLock};

/// The name of the newtype that a raw value asks for.
pub(crate) fn name() -> &'static str {
    static NAME: LazyLock<&str> = LazyLock::new(|| {
        let asked = Cell::new("");
        let _ = Box::<RawValue>::deserialize(Asked(&asked));
        asked.get()
    });
    *NAME
}

/// Writes a text as it is.
pub(crate) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let name = name();
    let mut form = serializer.serialize_struct(name, 1)?;
    form.serialize_field(name, text)?;
    form.end()
}

/// Notes the name of the newtype that it is asked for.
struct Asked<'a>(&'a Cell<&'static str>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, Error> {
        self.0.set(name);
        Err(Error::custom("only the name is wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a raw value is a newtype"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Makes a value of the map with its text that answers a request for this newtype.
pub(crate) struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        match map.next_entry::<IgnoredAny, Text>()? {
            Some((_, Text(value))) => Ok(value),
            None => Err(A::Error::custom("expected the text of a JSON value, got an empty map")),
        }
    }
}

struct Text(Json);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ValueVisitor).map(Self)
    }
}

/// Puts JSON text on one line. Only a verbatim value can contain line ends, and only between tokens.
///
/// ```
/// let mut text = b"[1,\r\n2]".to_vec();
/// glomers_json::join_lines(&mut text);
/// assert_eq!(text, b"[1,  2]");
/// ```
pub fn join_lines(mut text: &mut [u8]) {
    while let Some(at) = memchr2(b'\n', b'\r', text) {
        text[at] = b' ';
        text = &mut text[at + 1..];
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::of(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_they_are() {
        for text in ["{\"a\": [1 , 2]}", "\"\\u00e9\"", "1e400", "7"] {
            let value: Json = serde_json::from_str(text).expect("serde_json hands out the text");
            assert_eq!(value.as_str(), text);
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            let raw = serde_json::from_str::<Box<RawValue>>(text).unwrap();
            assert_eq!(serde_json::to_string(&[&raw]).unwrap(), serde_json::to_string(&[&value]).unwrap());
        }
    }

    #[test]
    fn values_in_memory_are_converted() {
        let value = serde_json::json!({"a": [1, "b", null]});
        let json: Json = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(json.as_str(), value.to_string());
        assert_eq!(serde_json::to_value(&json).unwrap(), value);
    }
}
