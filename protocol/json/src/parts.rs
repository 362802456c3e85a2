//! The elements of a JSON array and the members of an object, each as the text it is.
//!
//! Values of unknown shape are read this way, one level at a time, with one reader for all of them.

use crate::plain::flat_length;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Error, value::RawValue};
use std::fmt;

/// The elements of a JSON array.
///
/// # Errors
///
/// If the text is no JSON array.
pub fn elements(text: &str) -> Result<Vec<&RawValue>, Error> {
    serde_json::from_str(text)
}

/// The members of a JSON object in the order of their names. Of those with the same name it is the last one.
///
/// ```
/// let members = glomers_json::members(r#"{"b": 1, "a": 2, "b": [3]}"#)?;
/// let texts: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
/// assert_eq!(texts, [("a", "2"), ("b", "[3]")]);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// If the text is no JSON object, or a name has half of a surrogate pair.
pub fn members(text: &str) -> Result<Vec<(String, &RawValue)>, Error> {
    let Members(mut members) = serde_json::from_str(text)?;
    if !members.is_sorted_by(|(left, _), (right, _)| left < right) {
        // The last one first, which stays.
        members.reverse();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        members.dedup_by(|(later, _), (kept, _)| later == kept);
    }
    Ok(members)
}

/// The texts of both elements, if a text that is known to be JSON is an array of two, such as a key and a value. Nothing is read
/// twice.
///
/// ```
/// assert_eq!(glomers_json::pair("[1, [2]]"), Some(("1", "[2]")));
/// assert_eq!(glomers_json::pair("[1]"), None);
/// ```
pub fn pair(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = split_value(text.strip_prefix('[')?)?;
    let (second, rest) = split_value(rest.strip_prefix(',')?)?;
    (rest == "]").then_some((first, second))
}

/// The value at the beginning of a text that is known to be JSON, without white space around it, and the text that follows.
/// `None` if the text ends first or no value stands there.
///
/// ```
/// assert_eq!(glomers_json::split_value(" [1, 2] ,3]"), Some(("[1, 2]", ",3]")));
/// ```
pub fn split_value(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        if depth > 0 {
            at += flat_length(&bytes[at..]);
        }
        match *bytes.get(at)? {
            b'"' => {
                at += 1;
                while *bytes.get(at)? != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'{' => depth += 1,
            b',' | b']' | b'}' if depth == 0 => break,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    let value = text[..at].trim_ascii_end();
    (!value.is_empty()).then_some((value, &text[at..]))
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
