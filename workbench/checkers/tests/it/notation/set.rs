//! Histories of sets and counters, told entry by entry, a millisecond apart.
//!
//! `1+7` client 1 begins to add 7, `1+7!` it has, `1+7x` it has not, `1+7?` nobody knows; `2r` client 2 begins to read,
//! `2r7,8` it saw these elements, `2r-` nothing, `2=7` the number 7, and `2=7.` the same at the very end. `cut` and
//! `heal` are the nemesis'; `@9000` is no entry: what follows happens from that millisecond on.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_json::Json;
use std::time::Duration;

/// The history that a text tells.
pub fn history(text: &str) -> History {
    let mut time = 0;
    let mut ops = Vec::new();
    for word in text.split_whitespace() {
        match word.strip_prefix('@') {
            Some(later) => time = later.parse().unwrap(),
            None => {
                ops.push(op(Duration::from_millis(time), word));
                time += 1;
            }
        }
    }
    ops.into_iter().collect()
}

fn op(time: Duration, word: &str) -> Op {
    let new = |process, f: &'static str, kind, value: &str, extra| {
        let value: Json = serde_json::from_str(value).unwrap();
        let mut op = Op::new(time, process, kind, f, value);
        op.extra = extra;
        op
    };
    if let "cut" | "heal" = word {
        let f = if word == "cut" { "start-partition" } else { "stop-partition" };
        return new(Process::Nemesis, f, Kind::Info, "null", Vec::new());
    }
    let (client, rest) = word.split_at(1);
    let client = Process::Client(client.parse().unwrap());
    let (what, rest) = rest.split_at(1);
    let ends = [('!', Kind::Ok), ('x', Kind::Fail), ('?', Kind::Info)];
    match (what, rest) {
        ("+", added) => {
            let end = ends.iter().find(|(mark, _)| added.ends_with(*mark));
            let kind = end.map_or(Kind::Invoke, |(_, kind)| *kind);
            new(client, "add", kind, added.trim_end_matches(['!', 'x', '?']), Vec::new())
        }
        ("=", number) => {
            let is_final = number.ends_with('.').then(|| ("final?".into(), Json::from(true)));
            new(client, "read", Kind::Ok, number.trim_end_matches('.'), is_final.into_iter().collect())
        }
        (_, "") => new(client, "read", Kind::Invoke, "null", Vec::new()),
        (_, "-") => new(client, "read", Kind::Ok, "[]", Vec::new()),
        (_, seen) => new(client, "read", Kind::Ok, &format!("[{seen}]"), Vec::new()),
    }
}
