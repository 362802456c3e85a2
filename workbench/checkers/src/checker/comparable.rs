//! Values that Clojure can put in an order. Its `sort` throws an exception where they are of different kinds, and so do
//! Jepsen's checkers.

use glomers_json::Json;

/// The first pair of values that cannot be compared, if there is one.
pub(crate) fn incomparable<'a>(values: impl IntoIterator<Item = &'a Json>) -> Option<(&'a Json, &'a Json)> {
    let mut first: Option<&Json> = None;
    for value in values.into_iter().filter(|value| !value.is_null()) {
        match first {
            None => first = Some(value),
            Some(first) if value != first && !is_comparable(first, value) => return Some((first, value)),
            Some(_) => {}
        }
    }
    None
}

/// The kinds of values that Clojure compares with each other.
#[derive(Debug, Eq, PartialEq)]
enum Kind {
    Number,
    String,
    Boolean,
    List,
}

fn kind(value: &Json) -> Option<Kind> {
    match value.as_str().as_bytes().first()? {
        b'"' => Some(Kind::String),
        b't' | b'f' => Some(Kind::Boolean),
        b'[' => Some(Kind::List),
        b'{' | b'n' => None,
        _ => Some(Kind::Number),
    }
}

fn is_comparable(left: &Json, right: &Json) -> bool {
    let kinds = (kind(left), kind(right));
    match (&kinds.0, &kinds.1) {
        (Some(Kind::List), Some(Kind::List)) => {
            let [left, right] = [left, right].map(|list| list.decode::<Vec<Json>>().unwrap_or_default());
            // Shorter lists come first, whatever is in them.
            left.len() != right.len()
                || left
                    .iter()
                    .zip(&right)
                    .find(|(left, right)| left != right)
                    .is_none_or(|(left, right)| left.is_null() || right.is_null() || is_comparable(left, right))
        }
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &str, expected: bool) {
        let values: Vec<Json> = serde_json::from_str(values).unwrap();
        assert_eq!(incomparable(&values).is_none(), expected, "{values:?}");
    }

    #[test]
    fn only_values_of_a_kind_have_an_order() {
        check("[1, 2.5, 3]", true);
        check("[1, null, 2]", true);
        check(r#"["a", "b"]"#, true);
        check(r#"[1, "a"]"#, false);
        check("[true, 1]", false);
        check("[[1], [1, 2], [3]]", true);
        check(r#"[[1, "a"], [1, 2]]"#, false);
        check(r#"[{"a": 1}]"#, true);
        check(r#"[{"a": 1}, {"a": 2}]"#, false);
    }
}
