//! Logs. `;` stands between operations, and a second passes with each entry:
//!
//! ```text
//! 0 send a 1@0             the message 1 is sent to the log a and gets the offset 0
//! !0 send a 1              ... or is refused
//! 1 poll a 1@0 2@1 b       a has messages at 0 and 1; b has none
//! 1 assign a b             the client follows a and b from now on
//! 0 txn send a 1@0 poll a 1@0
//! ```

use crate::notation::{Operation, Story, mark};
use glomers_checkers::history::{History, Kind};
use glomers_json::Json;
use serde_json::{Value, json};
use std::time::Duration;

const FUNCTIONS: [&str; 5] = ["assign", "crash", "poll", "send", "txn"];

/// The operations as a history.
pub(crate) fn history(text: &str) -> History {
    let mut story = Story::new(Duration::from_secs(1));
    for told in text.split(';').map(str::trim).filter(|told| !told.is_empty()) {
        let operation = operation(told);
        let has_error = operation.kind == Kind::Info && operation.f != "crash";
        story.tell(&operation).set_error(has_error.then(|| Json::from("net-timeout")));
    }
    story.finish()
}

fn operation(told: &str) -> Operation {
    let (kind, told) = mark(told);
    let words: Vec<&str> = told.split_whitespace().collect();
    let f = FUNCTIONS.into_iter().find(|f| *f == words[1]).unwrap();
    let (kind, asked, answered) = match f {
        "assign" => (kind, json!(words[2..]), json!(words[2..])),
        "crash" => (Kind::Info, Value::Null, Value::Null),
        _ => {
            let steps = steps(&words[if f == "txn" { 2 } else { 1 }..]);
            (kind, asked(&steps), steps)
        }
    };
    Operation { process: words[0].parse().unwrap(), kind, f, asked, answered }
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
