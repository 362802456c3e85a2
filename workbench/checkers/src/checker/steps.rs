//! The steps of a transaction as they are written in an operation's value, without copies.

use glomers_json::{plain_length, split_value};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A step: its name, and the texts of its key and its value.
pub(super) type RawStep<'a> = (Cow<'a, str>, &'a str, &'a str);

/// The steps of a transaction; `None` if it is no list of triples that begin with a name.
///
/// The text is JSON, so that in the common form, without white space between the parts, brackets and commas show where a
/// step ends. This form is read here, three times as fast as by serde_json, and every other one there.
pub(super) fn steps(text: &str) -> Option<Vec<RawStep<'_>>> {
    compact(text).or_else(|| {
        let steps: Vec<(Name<'_>, &RawValue, &RawValue)> = serde_json::from_str(text).ok()?;
        Some(steps.into_iter().map(|(Name(f), key, value)| (f, key.get(), value.get())).collect())
    })
}

/// The name of a step, borrowed unless there is an escape in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn compact(text: &str) -> Option<Vec<RawStep<'_>>> {
    let mut rest = text.strip_prefix('[')?;
    let mut steps = Vec::with_capacity(4);
    loop {
        let after = rest.strip_prefix("[\"")?;
        let (f, after) = after.split_at_checked(plain_length(after.as_bytes()))?;
        let (key, after) = split_value(after.strip_prefix("\",")?)?;
        let (argument, after) = split_value(after.strip_prefix(',')?)?;
        rest = after.strip_prefix(']')?;
        steps.push((Cow::Borrowed(f), key, argument));
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return (rest == "]").then_some(steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[(&str, &str, &str)]>) {
        let found = steps(text);
        let found = found.as_ref().map(|steps| steps.iter().map(|(f, key, value)| (&**f, *key, *value)).collect());
        assert_eq!(found, expected.map(<[_]>::to_vec), "{text}");
    }

    #[test]
    fn the_common_form_and_others_are_the_same() {
        check(
            r#"[["r",1,null],["append","a]",[2,{"b":"\"]"}]]]"#,
            Some(&[("r", "1", "null"), ("append", "\"a]\"", r#"[2,{"b":"\"]"}]"#)]),
        );
        check(r#" [ ["r" , 1, [2, 3] ] ]"#, Some(&[("r", "1", "[2, 3]")]));
        check(r#"[["\u0072",1,2]]"#, Some(&[("r", "1", "2")]));
        check("[]", Some(&[]));
    }

    #[test]
    fn anything_else_is_no_transaction() {
        for text in ["null", "{}", "[1]", r#"[["r",1]]"#, r#"[["r",1,2,3]]"#, "[[1,2,3]]", r#"[["r",1,2],3]"#, "\"[\""]
        {
            check(text, None);
        }
    }
}
