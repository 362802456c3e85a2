//! Histories of logs as they are told: a list of operations, `;` between them, each where it ends. It begins right
//! before, unless an entry of its own says `begins`. The number is the client's:
//!
//! ```text
//! 0 send a 1@0             the message 1 is sent to the log a and gets the offset 0
//! 0 send a 1 fails         ... or is refused; `1 open`: nobody knows
//! 1 poll a 1@0 2@1 b       a has messages at 0 and 1; b has none
//! 1 assign a b             the client follows a and b from now on
//! 0 txn send a 1@0 poll a 1@0
//! ```
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_json::Json;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// The operations as a history; a second passes with each entry.
pub(crate) fn history(text: &str) -> History {
    let mut ops: Vec<Op> = Vec::new();
    let mut open: BTreeSet<Process> = BTreeSet::new();
    for told in text.split(';').map(str::trim).filter(|told| !told.is_empty()) {
        let mut words: Vec<&str> = told.split_whitespace().collect();
        let process = Process::Client(words.remove(0).parse().unwrap());
        let f = words.remove(0);
        let kind = match words.last() {
            Some(&"begins") => Kind::Invoke,
            Some(&"fails") => Kind::Fail,
            Some(&"open") => Kind::Info,
            _ if f == "crash" => Kind::Info,
            _ => Kind::Ok,
        };
        words.retain(|word| !matches!(*word, "begins" | "fails" | "open"));
        let value = match f {
            "assign" => json!(words),
            "txn" => steps(&words),
            "crash" => Value::Null,
            _ => steps(&[&[f], &words[..]].concat()),
        };
        let entry = |kind, place: usize| {
            let value = if kind == Kind::Invoke && f != "assign" { asked(&value) } else { value.clone() };
            let mut op = Op::new(Duration::from_secs(place as u64), process, kind, f.to_owned(), Json::new(&value));
            op.error = (kind == Kind::Info && f != "crash").then(|| Json::from("net-timeout"));
            op
        };
        if kind == Kind::Invoke {
            open.insert(process);
        } else if !open.remove(&process) {
            ops.push(entry(Kind::Invoke, ops.len()));
        }
        ops.push(entry(kind, ops.len()));
    }
    ops.into_iter().collect()
}

/// The steps before anything is known of offsets, and of what is there to poll.
fn asked(steps: &Value) -> Value {
    let step = |step: &Value| match step[2].as_array() {
        Some(pair) => json!(["send", step[1], pair[1]]),
        None if step[0] == "poll" => json!(["poll"]),
        None => step.clone(),
    };
    steps.as_array().map_or(Value::Null, |steps| steps.iter().map(step).collect())
}

/// `send a 1@0 poll a 1@0 b` as the steps of a transaction.
fn steps(words: &[&str]) -> Value {
    let mut steps: Vec<Value> = Vec::new();
    let mut key = "";
    for word in words {
        let step = steps.last_mut();
        match (*word, word.split_once('@')) {
            ("poll", _) => steps.push(json!(["poll", {}])),
            ("send", _) => steps.push(json!(["send"])),
            (message, pair) if message.starts_with(|c: char| c.is_ascii_digit()) => {
                let number = |text: &str| json!(text.parse::<i64>().unwrap());
                let value =
                    pair.map_or_else(|| number(message), |(message, offset)| json!([number(offset), number(message)]));
                let step = step.unwrap();
                if step[0] == "poll" {
                    step[1][key].as_array_mut().unwrap().push(value);
                } else {
                    step.as_array_mut().unwrap().push(value);
                }
            }
            (name, _) => {
                key = name;
                match step.unwrap() {
                    Value::Array(step) if step[0] == "poll" => step[1][name] = json!([]),
                    step => step.as_array_mut().unwrap().push(json!(name)),
                }
            }
        }
    }
    Value::Array(steps)
}
