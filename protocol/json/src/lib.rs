//! A JSON value that keeps the text it was read from.
//!
//! Maelstrom leaves many fields untyped and compares the value that comes back with the value it sent. Decoding to a
//! number type would round an integer of 30 digits and lose `1e400`, so [`Json`] keeps the text itself.
//!
//! The principal type is [`Json`]. With the feature `schema` it implements `JsonSchema` of schemars 0.8.
//! serde_json's `Error` and `Value` appear in the signatures.

mod buffer;
mod canonical;
mod parts;
mod plain;
mod shared;
mod sorted;
mod verbatim;

pub use parts::{elements, members, pair, split_value};
pub use plain::{digits, plain_integer, plain_length, plain_string, plain_value};
pub use shared::share;
pub use sorted::{SortedMap, SortedSet, pairs};
pub use verbatim::join_lines;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;
use shared::Part;
use smol_str::SmolStr;
use std::fmt;

/// A JSON value, verbatim: a received value is sent again byte for byte.
///
/// Equality, order and hash ignore the differences that JSON ignores: white space outside strings, the order of an
/// object's keys, and the way a string escapes its characters. Two numbers are equal if they have the same text (`1` is
/// not `1.0`). Shorter texts sort first, so non-negative integers sort by size.
///
/// A `Json` cannot be decoded inside serde's `untagged` enums or `flatten`ed structs: they buffer, and the text is
/// lost.
///
/// ```
/// use glomers_json::Json;
///
/// let big: Json = serde_json::from_str("123456789012345678901234567890")?;
/// assert_eq!(serde_json::to_string(&big)?, "123456789012345678901234567890");
/// assert_eq!(Json::from_serialize(&[1, 2])?.decode::<Vec<i64>>()?, [1, 2]);
/// assert_eq!(Json::from(7).as_str(), "7");
/// assert_eq!(serde_json::from_str::<Json>(r#"{"a": 1, "b": 2}"#)?, serde_json::from_str(r#"{"b":2,"a":1}"#)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A list of values converts item by item: `[1, 2].map(Json::from)`, or
/// `numbers.into_iter().map(Json::from).collect::<Vec<_>>()`.
#[derive(Clone)]
pub struct Json(Text);

/// Most values are short integers, which fit without an allocation.
#[derive(Clone)]
enum Text {
    /// A value with a single form: see [`is_plain`].
    Plain(SmolStr),
    Other(Box<str>),
    /// A part of a text that several values share.
    Shared(Part),
}

/// Tells whether a JSON text is `null`, `true`, `false`, or an integer of at most 18 digits.
fn is_plain(text: &str) -> bool {
    match text.as_bytes() {
        b"null" | b"true" | b"false" => true,
        b"-0" => false,
        [b'-', digits @ ..] | digits => matches!(digits.len(), 1..=18) && digits.iter().all(u8::is_ascii_digit),
    }
}

impl Json {
    /// Encodes a value whose type always has a JSON form: numbers, strings, lists, tuples, structs of these, and maps
    /// with string keys. For other types, see [`from_serialize`](Self::from_serialize).
    ///
    /// # Panics
    ///
    /// If `value` has no JSON form.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::from_serialize(value).expect("the value has a JSON form")
    }

    /// Encodes `value`.
    ///
    /// # Errors
    ///
    /// If `value` has no JSON form: a map with keys that are not strings, or a `Serialize` that fails.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let mut buffer = buffer::take();
        let written = serde_json::to_writer(&mut buffer, value);
        let json = written.map(|()| Self::of(std::str::from_utf8(&buffer).expect("JSON is UTF-8")));
        buffer::keep(buffer);
        json
    }

    /// A value from its text, which the caller has made and so knows to be JSON without white space around it. Reading
    /// it once more would take half of the time in which a history is read from EDN. A debug build checks it.
    ///
    /// ```
    /// use glomers_json::Json;
    ///
    /// assert_eq!(Json::from_valid_text("[1,2]"), Json::new(&[1, 2]));
    /// ```
    pub fn from_valid_text(text: &str) -> Self {
        debug_assert!(serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text), "no JSON: {text}");
        Self::of(text)
    }

    /// The value that begins at a place in a text, and its end. The caller knows that JSON begins there: white space and a value.
    ///
    /// ```
    /// use glomers_json::Json;
    ///
    /// assert_eq!(Json::from_valid_text_at("[17,\"a\"]", 1), Some((Json::from(17), 3)));
    /// assert_eq!(Json::from_valid_text_at("{\"a\": [1 , 2]}", 5), Some((Json::new(&[1, 2]), 13)));
    /// ```
    pub fn from_valid_text_at(text: &str, at: usize) -> Option<(Self, usize)> {
        // Most are short integers, which are looked at once here: `of` would look at their digits again.
        let bytes = text.as_bytes();
        let sign = at + usize::from(*bytes.get(at)? == b'-');
        let end = sign + digits(bytes.get(sign..)?);
        let is_integer = !matches!(bytes.get(end), Some(b'.' | b'e' | b'E'));
        match text.get(at..end) {
            Some(integer) if is_integer && matches!(integer.len(), 1..=18) && integer != "-0" => {
                Some((Self(Text::Plain(SmolStr::new_inline(integer))), end))
            }
            _ => Self::other_at(text, at),
        }
    }

    /// A value that is no short integer.
    #[inline(never)]
    fn other_at(text: &str, at: usize) -> Option<(Self, usize)> {
        let rest = text.get(at..)?;
        let (value, behind) = match plain_value(rest.as_bytes(), 0) {
            Some(end) => rest.split_at(end),
            // It passes white space, too.
            None => split_value(rest)?,
        };
        Some((Self::of(value), text.len() - behind.len()))
    }

    /// A value from its text, which was read as JSON.
    fn of(text: &str) -> Self {
        Self(if is_plain(text) { Text::Plain(SmolStr::new(text)) } else { Text::Other(text.into()) })
    }

    /// The JSON value `null`.
    pub fn null() -> Self {
        Self(Text::Plain(SmolStr::new_static("null")))
    }

    /// Decodes the value as a `T`.
    ///
    /// # Errors
    ///
    /// If the value does not fit `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// Both elements of an array of two, such as a key and a value; `None` for everything else. It takes a third of the
    /// time of [`decode`](Self::decode).
    ///
    /// ```
    /// use glomers_json::Json;
    ///
    /// let pair: Json = serde_json::from_str(r#"[ "a,b" , [1, {"]": 2}] ]"#)?;
    /// assert_eq!(pair.pair(), pair.decode().ok());
    /// assert_eq!(Json::new(&[1, 2]).pair(), Some((Json::from(1), Json::from(2))));
    /// assert_eq!(Json::new(&[1, 2, 3]).pair(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn pair(&self) -> Option<(Self, Self)> {
        pair(self.as_str()).map(|(first, second)| (Self::from_valid_text(first), Self::from_valid_text(second)))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Plain(text) => text,
            Text::Other(text) => text,
            Text::Shared(part) => part.as_str(),
        }
    }

    /// Appends the text, without line ends.
    ///
    /// ```
    /// let (mut line, value): (_, glomers_json::Json) = (Vec::new(), serde_json::from_str("[1,\n2]")?);
    /// value.write_on_line(&mut line);
    /// assert_eq!(line, b"[1, 2]");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn write_on_line(&self, line: &mut Vec<u8>) {
        match &self.0 {
            Text::Plain(text) => line.extend_from_slice(text.as_bytes()),
            Text::Other(text) => write_on_line(text, line),
            Text::Shared(part) => write_on_line(part.as_str(), line),
        }
    }

    /// Returns true for `null`.
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }
}

/// Appends a text without line ends.
#[inline(never)]
fn write_on_line(text: &str, line: &mut Vec<u8>) {
    let start = line.len();
    line.extend_from_slice(text.as_bytes());
    if text.starts_with(['[', '{']) {
        join_lines(&mut line[start..]);
    }
}

impl Serialize for Json {
    /// Writes the same text again.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match &self.0 {
            Text::Plain(text) => text,
            Text::Other(text) => return verbatim::serialize(text, serializer),
            Text::Shared(part) => return verbatim::serialize(part.as_str(), serializer),
        };
        match text.as_bytes() {
            [b'n', ..] => serializer.serialize_unit(),
            [b't', ..] => serializer.serialize_bool(true),
            [b'f', ..] => serializer.serialize_bool(false),
            [b'-', digits @ ..] => serializer.serialize_i64(-number(digits)),
            digits => serializer.serialize_i64(number(digits)),
        }
    }
}

/// The number with at most 18 decimal digits.
fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(verbatim::name(), verbatim::TextVisitor)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value whose text was found inside another text.
impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self::of(raw.get())
    }
}

macro_rules! from_value {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Json {
            fn from(value: $kind) -> Self {
                Self::new(&value)
            }
        }
    )*};
}

from_value!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool, &str, String, serde_json::Value);

/// Any JSON value.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Json {
    fn is_referenceable() -> bool {
        false
    }

    fn schema_name() -> String {
        "Json".to_owned()
    }

    fn json_schema(_: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        schemars::schema::Schema::Bool(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn text_survives_verbatim() {
        for text in ["123456789012345678901234567890", "1e400", "-0.0", r#"{"b":1,"a":[null,"\u00e9"]}"#, "\"\\ud800\""]
        {
            assert_eq!(serde_json::to_string(&json(text)).unwrap(), text);
        }
    }

    #[test]
    fn plain_texts_survive_verbatim() {
        let digits = "1".repeat(18);
        let (negative, more) = (format!("-{digits}"), format!("1{digits}"));
        let plain = ["null", "true", "false", "0", "-1", &digits, &negative].map(|text| (text, true));
        let other = ["-0", "1.0", "1e3", "[]", "{}", r#""""#, r#""1""#, &more].map(|text| (text, false));
        for (text, expected) in plain.into_iter().chain(other) {
            assert_eq!(is_plain(text), expected, "{text}");
            assert_eq!(serde_json::to_string(&json(text)).unwrap(), text);
        }
    }

    #[test]
    fn pairs_are_those_that_decode() {
        let texts = [
            "[1,2]",
            " [ 1 , \"a\" ] ",
            "[1]",
            "[]",
            "[1,2,3]",
            "[[1,2],[3]]",
            r#"["\\\"",","]"#,
            r#"[{"a":[1,2]},null]"#,
            "null",
            "{}",
            r#"{"a":1,"b":2}"#,
            r#""[1,2]""#,
            "[\"é]\", -1.5e3\n]",
        ];
        for text in texts {
            assert_eq!(json(text).pair(), json(text).decode().ok(), "{text}");
        }
    }
}
