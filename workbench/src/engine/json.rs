//! JSON as Maelstrom reads it (Maelstrom: `process.clj`, which calls cheshire).
//!
//! Cheshire is more lenient than `serde_json`: of two equal keys the last counts, strings may hold control characters, and
//! text behind the first value is ignored. Nodes under test are read in this way, because a verdict that depended on a
//! stricter reader would not hold under Maelstrom. The node library stays strict.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The members of a JSON object, sorted by their keys. Of two equal keys, the last one is kept.
#[derive(Default)]
pub(crate) struct Members<'a>(Vec<Member<'a>>);

/// A key and its value.
pub(crate) type Member<'a> = (Cow<'a, str>, &'a RawValue);

impl<'a> Members<'a> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.find(key).map(|at| self.0[at].1)
    }

    /// Takes a member out, and returns its value.
    pub(crate) fn remove(&mut self, key: &str) -> Option<&'a RawValue> {
        self.find(key).map(|at| self.0.remove(at).1)
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(key)).ok()
    }

    pub(crate) fn as_slice(&self) -> &[Member<'a>] {
        &self.0
    }

    pub(crate) fn into_vec(self) -> Vec<Member<'a>> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Text(key), value)) = map.next_entry()? {
            members.push((key, value));
        }
        // Of equal keys the last comes first then, and stays.
        members.reverse();
        members.sort_by(|(left, _): &Member<'_>, (right, _)| left.cmp(right));
        members.dedup_by(|(left, _), (right, _)| left == right);
        Ok(Members(members))
    }
}

/// A string, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The first JSON value of a text, and the text behind it. `None` for a text that holds only white space.
pub(crate) fn first_value(text: &str) -> serde_json::Result<Option<(&RawValue, &str)>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let value = values.next().transpose()?;
    Ok(value.map(|value| (value, &text[values.byte_offset()..])))
}

/// The members of a JSON value, which must be an object.
pub(crate) fn members(value: &RawValue) -> Option<Members<'_>> {
    if !value.get().starts_with('{') {
        return None;
    }
    serde_json::from_str(value.get()).ok()
}

/// The same text with escapes for the control characters in its strings; `None` if there are none.
pub(crate) fn escape_controls(text: &str) -> Option<String> {
    let (mut escaped, mut in_string, mut after_backslash) = (String::with_capacity(text.len()), false, false);
    let mut has_controls = false;
    for character in text.chars() {
        if in_string && character < ' ' {
            has_controls = true;
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
        match character {
            _ if after_backslash => after_backslash = false,
            '\\' => after_backslash = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    has_controls.then_some(escaped)
}

/// The kind of a JSON value, with an article.
pub(crate) fn kind(value: &RawValue) -> &'static str {
    match value.get().as_bytes()[0] {
        b'{' => "an object",
        b'[' => "a list",
        b'"' => "a string",
        b'n' => "null",
        b't' | b'f' => "a boolean",
        _ => "a number",
    }
}

/// Tells whether a JSON value is an integer: `1.0` and `1e3` are not.
pub(crate) fn is_integer(value: &RawValue) -> bool {
    value.get().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
}

/// A JSON value decoded as a string.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(value.get()).ok().map(|Text(text)| text)
}

/// The reason of a syntax error, with its column; the text is one line.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(reason) => format!("{reason} at column {}", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_equal_keys_counts() {
        let value: &RawValue = serde_json::from_str(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
        let members = members(value).unwrap();
        assert_eq!(
            members.as_slice().iter().map(|(key, value)| (&**key, value.get())).collect::<Vec<_>>(),
            [("a", "3"), ("b", "2")]
        );
    }

    #[test]
    fn text_behind_the_first_value_is_left() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = first_value(text).unwrap();
            assert_eq!(found.map(|(value, rest)| (value.get(), rest)), expected, "{text}");
        };
        check(r#"{"a":1}{"b":2}"#, Some((r#"{"a":1}"#, r#"{"b":2}"#)));
        check(r#" {"a":1} and more"#, Some((r#"{"a":1}"#, " and more")));
        check("  ", None);
        assert!(first_value(r#"{"a":"#).is_err());
    }

    #[test]
    fn only_control_characters_in_strings_are_escaped() {
        assert_eq!(escape_controls("{\"a\":\"b\tc\\\"\u{1}\"}").unwrap(), r#"{"a":"b\u0009c\"\u0001"}"#);
        assert_eq!(escape_controls("{\"a\":\t\"b\"}"), None);
    }
}
