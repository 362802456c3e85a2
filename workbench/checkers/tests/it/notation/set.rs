//! Sets and counters. A word is one entry, and a millisecond passes with each.
//!
//! `1+7`: client 1 adds 7. `2r7,8`: client 2 reads these elements; `2r-`: none. `2=7`: it reads the number 7, and
//! `2=7.` the same at the very end. `>2r`: it begins to read. `cut` and `heal` are the nemesis'.

use crate::notation::{Operation, Story, mark, time};
use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_json::Json;
use serde_json::{Value, json};
use std::time::Duration;

/// The history that a text tells.
pub(crate) fn history(text: &str) -> History {
    let mut story = Story::new(Duration::from_millis(1));
    for word in text.split_whitespace() {
        let nemesis = |f| Op::new(Duration::ZERO, Process::Nemesis, Kind::Info, f, Json::null());
        match (word, time(word)) {
            (_, Some(time)) => story.time = time,
            ("cut", _) => _ = story.push(nemesis("start-partition")),
            ("heal", _) => _ = story.push(nemesis("stop-partition")),
            _ => {
                let told = story.tell(&operation(word.trim_end_matches('.')));
                told.set_extra(word.ends_with('.').then(|| ("final?".into(), Json::from(true))).into_iter().collect());
            }
        }
    }
    story.finish()
}

fn operation(word: &str) -> Operation {
    let (kind, word) = mark(word);
    let (client, what) = word.split_at(1);
    let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let (f, asked, answered) = match what.split_at(1) {
        ("+", added) => ("add", value(added), value(added)),
        ("=", number) => ("read", Value::Null, value(number)),
        (_, "" | "-") => ("read", Value::Null, json!([])),
        (_, seen) => ("read", Value::Null, value(&format!("[{seen}]"))),
    };
    Operation { process: client.parse().unwrap(), kind, f, asked, answered }
}
