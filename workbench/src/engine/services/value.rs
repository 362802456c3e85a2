//! A JSON value of a service, compared as Maelstrom compares it (Maelstrom: `service.clj`, Clojure's `=` on what cheshire
//! reads).
//!
//! Integers are equal by value, and so are floats: `1.10` is `1.1`, `1E3` is `1000.0`, `-0.0` is `0.0`. But `1` is not `1.0`.
//! Objects are equal whatever the order of their keys, and of two equal keys the last counts.

use crate::engine::json;
use foldhash::fast::FixedState;
use glomers_protocol::Json;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// The depth from which on nested values are compared as they are written, which bounds the stack.
const MAX_DEPTH: usize = 128;

/// A table by keys of a service.
pub(super) type Values<T> = IndexMap<Value, T, FixedState>;

/// A value, as it was written, and the form by which it is compared.
#[derive(Clone)]
pub(super) struct Value {
    text: Json,
    form: String,
}

impl Value {
    /// The value of a body's field; `null` if there is none.
    pub(super) fn of(field: Option<&RawValue>) -> Self {
        let mut form = String::new();
        match field {
            None => form.push_str("null"),
            Some(value) => write_form(value, MAX_DEPTH, &mut form),
        }
        let text = field.and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_else(Json::null);
        Self { text, form }
    }

    /// The value as it was written.
    pub(super) fn text(&self) -> &Json {
        &self.text
    }
}

/// Writes a form that is the same for equal values, and different for others.
fn write_form(value: &RawValue, depth: usize, form: &mut String) {
    let text = value.get();
    match text.as_bytes()[0] {
        b'"' => match json::string(value) {
            Some(string) => form.push_str(Json::from(&*string).as_str()),
            // A lone surrogate is JSON, but not a Rust string.
            None => form.push_str(text),
        },
        b'[' if depth > 0 => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            form.push('[');
            for item in items {
                write_form(item, depth - 1, form);
                form.push(',');
            }
            form.push(']');
        }
        b'{' if depth > 0 => {
            form.push('{');
            for (key, member) in json::members(value).unwrap_or_default().as_slice() {
                form.push_str(Json::from(&**key).as_str());
                form.push(':');
                write_form(member, depth - 1, form);
                form.push(',');
            }
            form.push('}');
        }
        b'-' | b'0'..=b'9' if json::is_integer(value) => form.push_str(if text == "-0" { "0" } else { text }),
        b'-' | b'0'..=b'9' => {
            let number: f64 = text.parse().unwrap_or(f64::NAN);
            // Adding zero makes the negative zero a positive one.
            form.push_str(&format!("{:?}f", number + 0.0));
        }
        _ => form.push_str(text),
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.form.hash(state);
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str, are_equal: bool) {
        let value = |text: &str| Value::of(Some(serde_json::from_str(text).unwrap()));
        assert_eq!(value(left) == value(right), are_equal, "{left} and {right}");
    }

    #[test]
    fn values_compare_as_in_maelstrom() {
        let equal = [
            ("1", "1"),
            ("-0", "0"),
            ("1.10", "1.1"),
            ("1E3", "1000.0"),
            ("-0.0", "0.0"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e400", "2e400"),
            (r#""é/""#, r#""\u00e9\/""#),
            (r#"{"a":1,"b":[2]}"#, r#"{"b" : [ 2 ], "a" : 1}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#""\ud800""#, r#""\ud800""#),
        ];
        equal.iter().for_each(|(left, right)| check(left, right, true));
        let different = [
            ("1", "1.0"),
            ("1", "\"1\""),
            ("1000", "1E3"),
            ("null", "false"),
            ("[1,2]", "[2,1]"),
            ("[1,2]", "[1,[2]]"),
            (r#"{"a":1}"#, r#"[["a",1]]"#),
        ];
        different.iter().for_each(|(left, right)| check(left, right, false));
    }
}
