//! Equality, order and hash of values: those of a text that is the same for equal values. Most values are written in one way only,
//! so it is rarely made.

use crate::{Json, Text, elements, members};
use std::{
    borrow::Cow,
    cmp::Ordering,
    hash::{Hash, Hasher},
};

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Text::Plain(left), Text::Plain(right)) => left == right,
            _ => self.as_str() == other.as_str() || self.canonical() == other.canonical(),
        }
    }
}

impl Eq for Json {}

impl Ord for Json {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = |left: &str, right: &str| left.len().cmp(&right.len()).then_with(|| left.cmp(right));
        match (&self.0, &other.0) {
            (Text::Plain(left), Text::Plain(right)) => by_length(left, right),
            _ => by_length(&self.canonical(), &other.canonical()),
        }
    }
}

impl PartialOrd for Json {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Json {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Text::Plain(text) => text.as_str().hash(state),
            _ => self.canonical().hash(state),
        }
    }
}

impl Json {
    /// A text that is the same for equal values: the value's own text unless it can be written in several ways.
    fn canonical(&self) -> Cow<'_, str> {
        let text = match &self.0 {
            Text::Plain(text) => return Cow::Borrowed(text),
            Text::Other(text) => text,
            Text::Shared(part) => part.as_str(),
        };
        let ambiguous = match text.as_bytes()[0] {
            b'[' | b'{' => true,
            b'"' => text.contains('\\'),
            _ => false,
        };
        if !ambiguous {
            return Cow::Borrowed(text);
        }
        let mut canonical = String::with_capacity(text.len());
        write_canonical_at(text, MAX_DEPTH, &mut canonical);
        Cow::Owned(canonical)
    }
}

/// The depth from which nested values are compared as they are written, which bounds the stack.
const MAX_DEPTH: usize = 128;

/// Writes a value without white space, with sorted keys and minimal escapes.
fn write_canonical_at(text: &str, depth: usize, out: &mut String) {
    let parsed = match text.as_bytes()[0] {
        b'"' => serde_json::from_str::<String>(text).map(|string| out.push_str(Json::new(&string).as_str())),
        b'[' if depth > 0 => elements(text).map(|elements| {
            out.push('[');
            for (index, element) in elements.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_canonical_at(element.get(), depth - 1, out);
            }
            out.push(']');
        }),
        b'{' if depth > 0 => members(text).map(|members| {
            out.push('{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(Json::new(&key).as_str());
                out.push(':');
                write_canonical_at(member.get(), depth - 1, out);
            }
            out.push('}');
        }),
        _ => return out.push_str(text),
    };
    // A string may hold a lone surrogate, which is JSON but no Rust string; such a value equals only its own text.
    if parsed.is_err() {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn deep_nesting_survives() {
        let text = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(json(&text), json(&text));
        assert_eq!(json(&text).as_str(), text);
    }

    #[test]
    fn equality_is_that_of_json() {
        let same = [("[1, 2]", "[1,2]"), (r#"{"a":1,"b":[ ]}"#, r#"{"b":[],"a":1}"#), (r#""\u0061""#, r#""a""#)];
        for (left, right) in same {
            assert_eq!(json(left), json(right));
            assert_eq!(json(left).cmp(&json(right)), Ordering::Equal);
        }
        for (left, right) in [("1", "1.0"), ("[1,2]", "[2,1]"), ("1", "\"1\""), ("null", "false")] {
            assert_ne!(json(left), json(right));
        }
    }

    #[test]
    fn integers_sort_by_size() {
        let mut values = [json("10"), json("9"), json("100"), json("1")];
        values.sort();
        assert_eq!(values, [json("1"), json("9"), json("10"), json("100")]);
    }
}
