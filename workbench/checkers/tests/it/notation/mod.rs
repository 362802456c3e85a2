//! Histories in a compact notation, after elle's `ax1ry12`.
//!
//! Operations stand apart by spaces. They run at once, each by a client of its own, unless a `;` parts them: those
//! before it end before those after it begin. `!` marks one that failed, `?` one of which nobody knows, and a capital
//! letter with a colon names its client: `A:ax1; A:rx`. `@6000` is no operation: what follows happens from that
//! millisecond on.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_json::Json;
use serde_json::{Value, json};
use std::time::Duration;

/// An operation: its client, how it ends, what it is asked and what it answers.
#[derive(Clone, Debug)]
pub struct Operation {
    pub process: u64,
    pub kind: Kind,
    pub f: &'static str,
    pub asked: Value,
    pub answered: Value,
}

impl Operation {
    /// The entry at which it begins, or the one at which it ends.
    pub fn entry(&self, ends: bool) -> Op {
        let kind = if ends { self.kind } else { Kind::Invoke };
        let value = if kind == Kind::Ok { &self.answered } else { &self.asked };
        Op::new(Duration::ZERO, Process::Client(self.process), kind, self.f, Json::new(value))
    }
}

/// The history of operations in their notation, each read by `parse`.
pub fn history(text: &str, parse: impl Fn(&str) -> (&'static str, Value, Value)) -> History {
    let mut entries = Vec::new();
    let (mut clients, mut time) = (100, Duration::ZERO);
    for stage in text.split(';') {
        let mut operations = Vec::new();
        for word in stage.split_whitespace() {
            match word.strip_prefix('@') {
                Some(millis) => time = Duration::from_millis(millis.parse().unwrap()),
                None => operations.push(operation(word, &mut clients, &parse)),
            }
        }
        for ends in [false, true] {
            for mut entry in operations.iter().map(|operation| operation.entry(ends)) {
                entry.time = time;
                entries.push(entry);
            }
        }
    }
    entries.into_iter().collect()
}

fn operation(word: &str, clients: &mut u64, parse: &impl Fn(&str) -> (&'static str, Value, Value)) -> Operation {
    *clients += 1;
    let (process, word) = match word.split_once(':') {
        Some((name, rest)) => (u64::from(name.as_bytes()[0]), rest),
        None => (*clients, word),
    };
    let (kind, word) = match word.split_at(1) {
        ("!", rest) => (Kind::Fail, rest),
        ("?", rest) => (Kind::Info, rest),
        _ => (Kind::Ok, word),
    };
    let (f, asked, answered) = parse(word);
    Operation { process, kind, f, asked, answered }
}

/// Begins and ends in the order in which `order` names operations: the first time it begins, the second it ends.
pub fn interleave(operations: &[Operation], order: &[usize]) -> History {
    let mut begun = vec![false; operations.len()];
    order.iter().map(|place| operations[*place].entry(std::mem::replace(&mut begun[*place], true))).collect()
}

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

/// `w1`, `w` (writes null), `r1`, `r` (nothing there), `c12` (from 1 to 2), all at key 0.
pub fn register(text: &str) -> History {
    history(text, |word| {
        let digits: Vec<u64> = word.chars().filter_map(|letter| letter.to_digit(10)).map(u64::from).collect();
        match (word.split_at(1).0, digits.as_slice()) {
            ("w", values) => ("write", json!([0, values.first()]), json!([0, values.first()])),
            ("c", [from, to]) => ("cas", json!([0, [from, to]]), json!([0, [from, to]])),
            (_, found) => ("read", json!([0, Value::Null]), json!([0, found.first()])),
        }
    })
}
