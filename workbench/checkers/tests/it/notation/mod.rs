//! Histories as short texts. The texts of all kinds share these rules:
//!
//! - An operation begins right before it ends. `>` in front of it tells only its beginning, so that others come before
//!   its end.
//! - `!` in front of an operation: it failed. `?`: nobody knows. Otherwise it succeeded.
//! - `@6000` is no operation: what follows happens from that millisecond on.
//!
//! [`kafka`] and [`set`] name the client of each operation by a digit, and what they tell happens one after the other.
//! In [`txn`] and in the histories of registers, operations run at once, each by a client of its own, unless a `;`
//! parts them: those before it end before those after it begin. There a capital letter with a colon names the client:
//! `A:ax1; A:rx`.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

pub(crate) mod kafka;
pub(crate) mod set;
pub(crate) mod txn;

use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_json::Json;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

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

/// An operation without its mark, and how it ends; [`Kind::Invoke`] if it only begins.
fn mark(text: &str) -> (Kind, &str) {
    let marks = [(">", Kind::Invoke), ("!", Kind::Fail), ("?", Kind::Info)];
    let found = marks.into_iter().find_map(|(mark, kind)| Some((kind, text.strip_prefix(mark)?)));
    found.unwrap_or((Kind::Ok, text))
}

/// The millisecond that a word sets.
fn time(word: &str) -> Option<Duration> {
    word.strip_prefix('@').map(|millis| Duration::from_millis(millis.parse().unwrap()))
}

/// A history as it is told, one entry after the other.
struct Story {
    ops: Vec<Op>,
    time: Duration,
    /// The time from one entry to the next.
    step: Duration,
    running: BTreeSet<u64>,
}

impl Story {
    fn new(step: Duration) -> Self {
        Self { ops: Vec::new(), time: Duration::ZERO, step, running: BTreeSet::new() }
    }

    /// Tells the next part of an operation, and returns the entry.
    fn tell(&mut self, operation: &Operation) -> &mut Op {
        let ends = operation.kind != Kind::Invoke;
        if !ends {
            self.running.insert(operation.process);
        } else if !self.running.remove(&operation.process) {
            self.push(operation.entry(false));
        }
        self.push(operation.entry(ends))
    }

    fn push(&mut self, mut op: Op) -> &mut Op {
        op.time = self.time;
        self.time += self.step;
        self.ops.push(op);
        self.ops.last_mut().unwrap()
    }

    fn finish(self) -> History {
        self.ops.into_iter().collect()
    }
}

/// The history of operations that run at once, each read by `parse`.
pub fn history(text: &str, parse: impl Fn(&str) -> (&'static str, Value, Value)) -> History {
    let mut story = Story::new(Duration::ZERO);
    let mut clients = 100;
    for stage in text.split(';') {
        let mut operations = Vec::new();
        for word in stage.split_whitespace() {
            match time(word) {
                Some(time) => story.time = time,
                None => operations.push(operation(word, &mut clients, &parse)),
            }
        }
        for ends in [false, true] {
            operations.iter().for_each(|operation| _ = story.push(operation.entry(ends)));
        }
    }
    story.finish()
}

fn operation(word: &str, clients: &mut u64, parse: &impl Fn(&str) -> (&'static str, Value, Value)) -> Operation {
    *clients += 1;
    let (process, word) = match word.split_once(':') {
        Some((name, rest)) => (u64::from(name.as_bytes()[0]), rest),
        None => (*clients, word),
    };
    let (kind, word) = mark(word);
    let (f, asked, answered) = parse(word);
    Operation { process, kind, f, asked, answered }
}

/// Begins and ends in the order in which `order` names operations: the first time it begins, the second it ends.
pub fn interleave(operations: &[Operation], order: &[usize]) -> History {
    let mut begun = vec![false; operations.len()];
    order.iter().map(|place| operations[*place].entry(std::mem::replace(&mut begun[*place], true))).collect()
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
