//! Transactions, after elle: each letter is a step, followed by its key and its values.

use crate::notation::history;
use glomers_checkers::history::History;
use serde_json::{Value, json};

/// `ax1ry12`: appends 1 to list x and reads list y, `[1, 2]`; `ry` read nothing.
pub fn lists(text: &str) -> History {
    history(text, |word| {
        transaction(word, |f, digits| match f {
            'a' => ("append", json!(digits[0])),
            _ if digits.is_empty() => ("r", Value::Null),
            _ => ("r", json!(digits)),
        })
    })
}

/// `wx1ry2`: sets register x to 1 and reads register y, 2; `ry` read nothing.
pub fn registers(text: &str) -> History {
    history(text, |word| {
        transaction(word, |f, digits| match f {
            'w' => ("w", json!(digits[0])),
            _ => ("r", digits.first().map_or(Value::Null, |digit| json!(digit))),
        })
    })
}

fn transaction(word: &str, step: impl Fn(char, &[u64]) -> (&'static str, Value)) -> (&'static str, Value, Value) {
    let mut asked = Vec::new();
    let mut answered = Vec::new();
    let mut letters = word.chars().peekable();
    while let (Some(f), Some(key)) = (letters.next(), letters.next()) {
        let mut digits = Vec::new();
        while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
            digits.push(u64::from(digit));
            letters.next();
        }
        let (f, value) = step(f, &digits);
        asked.push(json!([f, key, if f == "r" { Value::Null } else { value.clone() }]));
        answered.push(json!([f, key, value]));
    }
    ("txn", json!(asked), json!(answered))
}
