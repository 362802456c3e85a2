//! JSON values of findings. Nodes may send what [`serde_json::Value`] does not hold: `1e400`, half of a surrogate pair,
//! a hundred brackets. A verdict on them is a verdict all the same.

use glomers_json::{elements, members};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

/// The greatest depth of a value that is parsed. Anything nested deeper is shown as text.
const DEEPEST: usize = 32;

/// The value as JSON; what does not fit becomes a string of its text.
///
/// # Panics
///
/// It has no form in JSON at all.
pub fn value<T: Serialize + ?Sized>(of: &T) -> Value {
    serde_json::to_value(of)
        .unwrap_or_else(|_| fitted(&serde_json::value::to_raw_value(of).expect("findings have a JSON form"), DEEPEST))
}

/// A value as JSON whose parts are JSON values of this library's already, or simpler. There is only one way to write it,
/// so that less code is compiled than for [`value`].
pub(crate) fn exact<T: Serialize + ?Sized>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_else(|error| Value::from(error.to_string()))
}

fn fitted(raw: &RawValue, depth: usize) -> Value {
    let text = raw.get();
    let deeper = depth.checked_sub(1);
    let parsed = match (text.as_bytes()[0], deeper) {
        (b'[', Some(deeper)) => {
            elements(text).map(|items| items.into_iter().map(|item| fitted(item, deeper)).collect())
        }
        (b'{', Some(deeper)) => members(text)
            .map(|members| members.into_iter().map(|(key, member)| (key, fitted(member, deeper))).collect()),
        (b'[' | b'{', None) => return Value::from(text),
        _ => serde_json::from_str(text),
    };
    parsed.unwrap_or_else(|_| Value::from(text))
}

/// The number of items of a list that are shown on a terminal.
const SHOWN: usize = 20;

/// The value for a terminal: long lists are cut to the first items and the number of further ones.
pub fn shortened(of: &Value) -> Value {
    match of {
        Value::Array(items) => {
            // One in the place of another would save nothing.
            let shown = if items.len() > SHOWN + 1 { SHOWN } else { items.len() };
            let more = (shown < items.len()).then(|| Value::from(format!("... and {} more", items.len() - shown)));
            items[..shown].iter().map(shortened).chain(more).collect()
        }
        Value::Object(members) => members.iter().map(|(key, member)| (key.clone(), shortened(member))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_json::Json;
    use serde_json::json;

    fn check(text: &str, expected: Value) {
        assert_eq!(value(&[serde_json::from_str::<Json>(text).unwrap()]), json!([expected]));
    }

    #[test]
    fn what_fits_is_as_it_is() {
        check(r#"{"b":[1.5,"x",null]}"#, json!({"b": [1.5, "x", null]}));
    }

    #[test]
    fn of_long_lists_the_first_items_are_shown() {
        let list = |count: i64| (0..count).map(Value::from).collect::<Vec<_>>();
        for short in [json!([]), json!({"lost": list(21), "deep": [[list(21)]]}), json!("text")] {
            assert_eq!(shortened(&short), short);
        }
        let shown = [list(20), vec![json!("... and 980 more")]].concat();
        assert_eq!(
            shortened(&json!({"lost": list(1000), "deep": [[list(1000)]]})),
            json!({"lost": shown, "deep": [[shown]]})
        );
    }

    #[test]
    fn what_does_not_fit_is_text() {
        check("1e400", json!("1e400"));
        check(r#"[1,{"a":"\ud800"},-1e999]"#, json!([1, {"a": "\"\\ud800\""}, "-1e999"]));
        check(r#"{"\ud800":1}"#, json!(r#"{"\ud800":1}"#));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let shown = value(&serde_json::from_str::<Json>(&deep).unwrap()).to_string();
        assert!(shown.starts_with(&"[".repeat(DEEPEST)) && shown.len() == deep.len() + "\"\"".len());
    }
}
