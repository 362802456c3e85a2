//! EDN values to JSON text: keywords and symbols as strings, sets and lists as arrays, records as their maps.

use clojure_reader::edn::Edn;
use glomers_json::Json;
use std::fmt::Write;

/// The greatest depth of values: deeper than any operation, and shallow enough for every stack.
const DEEPEST: usize = 512;

/// The greatest depth of keys. The text of a key that is not a string is quoted, and keys inside it are quoted again,
/// so each level may double the length.
const DEEPEST_KEY: usize = 8;

/// A value as JSON; `None` if it is nested too deeply.
pub fn to_json(edn: &Edn<'_>) -> Option<Json> {
    let mut out = String::new();
    push(edn, DEEPEST, &mut out)?;
    Some(serde_json::from_str(&out).expect("what was pushed is JSON"))
}

fn push(edn: &Edn<'_>, depth: usize, out: &mut String) -> Option<()> {
    let deeper = depth.checked_sub(1)?;
    match edn {
        Edn::Vector(all) | Edn::List(all) => push_all(all, deeper, out)?,
        Edn::Set(all) => push_all(all, deeper, out)?,
        Edn::Map(all) => {
            out.push('{');
            for (number, (key, value)) in all.iter().enumerate() {
                out.push_str(if number > 0 { "," } else { "" });
                push_key(key, deeper, out)?;
                out.push(':');
                push(value, deeper, out)?;
            }
            out.push('}');
        }
        Edn::Tagged(_, inner) => push(inner, deeper, out)?,
        Edn::Key(text) | Edn::Symbol(text) | Edn::Str(text) => push_text(text, out),
        Edn::Int(number) => write!(out, "{number}").expect("a String takes everything"),
        Edn::BigInt(number) => write!(out, "{number}").expect("a String takes everything"),
        Edn::BigDec(number) => write!(out, "{number}").expect("a String takes everything"),
        Edn::Double(number) if number.is_finite() => write!(out, "{number:?}").expect("a String takes everything"),
        Edn::Bool(truth) => write!(out, "{truth}").expect("a String takes everything"),
        Edn::Nil => out.push_str("null"),
        other => push_text(&other.to_string(), out),
    }
    Some(())
}

fn push_all<'a>(all: impl IntoIterator<Item = &'a Edn<'a>>, depth: usize, out: &mut String) -> Option<()> {
    out.push('[');
    for (number, value) in all.into_iter().enumerate() {
        out.push_str(if number > 0 { "," } else { "" });
        push(value, depth, out)?;
    }
    out.push(']');
    Some(())
}

/// Keys in JSON are strings: other keys become their text.
fn push_key(key: &Edn<'_>, depth: usize, out: &mut String) -> Option<()> {
    let start = out.len();
    push(key, depth.min(DEEPEST_KEY), out)?;
    if !out[start..].starts_with('"') {
        let text = out.split_off(start);
        push_text(&text, out);
    }
    Some(())
}

fn push_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a string is JSON"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clojure_reader::edn::read_string;

    fn check(edn: &str, json: &str) {
        assert_eq!(to_json(&read_string(edn).unwrap()).unwrap().as_str(), json);
    }

    #[test]
    fn values_of_every_kind() {
        check("[[:append 9 1] (:r x nil)]", r#"[["append",9,1],["r","x",null]]"#);
        check("{:a #{1 2} \"b\" true}", r#"{"a":[1,2],"b":true}"#);
        check("{4 {:polled -1}, [1] nil}", r#"{"[1]":null,"4":{"polled":-1}}"#);
        check("#jepsen.history.Op{:index 0}", r#"{"index":0}"#);
        check(r#""a\"\n\\b""#, r#""a\"\n\\b""#);
        check("[1.5 1e3 123456789012345678901234567890N 1e400M 1/2 \\a]", {
            r#"[1.5,1000.0,123456789012345678901234567890,1e+400,"1/2","\\a"]"#
        });
    }

    #[test]
    fn there_is_an_end_to_depth() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(to_json(&read_string(&nested(100)).unwrap()).unwrap().as_str(), nested(100));
        assert_eq!(to_json(&read_string(&nested(1000)).unwrap()), None);
        assert_eq!(to_json(&read_string(&nested(100_000)).unwrap()), None);
    }

    #[test]
    fn keys_inside_keys_do_not_double_for_ever() {
        let nested = |depth: usize| format!("{}\"a\"{}", "{".repeat(depth), " 1}".repeat(depth));
        check(&nested(2), r#"{"{\"a\":1}":1}"#);
        assert!(to_json(&read_string(&nested(DEEPEST_KEY)).unwrap()).is_some());
        assert_eq!(to_json(&read_string(&nested(40)).unwrap()), None);
    }
}
