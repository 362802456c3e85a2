//! Histories in EDN, as Jepsen prints them: one map a line, names as keywords, the keys in Jepsen's order.
//!
//! Operations carry JSON, in which a name is a string like any other. Where Jepsen's clients and nemesis have names, and
//! where they have sets, follows from the operation alone: `Form` says it, `transcribe` does it. Everything else is
//! written as the JSON value it is. The text is rewritten token by token, without a tree in between, so values of any
//! depth and numbers of any length come out as they came in.

mod depth;
mod json;
mod readable;
mod transcribe;

pub use readable::readable;

pub use depth::too_deep;
pub use json::to_json;

use crate::history::{Kind, Op, Process};
use std::fmt::Write;
use transcribe::transcribe;

/// Appends an entry of a history as an EDN map, without a line break.
///
/// Integers beyond 64 bits get Clojure's suffix `N`; numbers that a double cannot hold, such as `1e400`, get `M`. Of
/// members with the same key the last one is kept, for a map in EDN cannot hold both.
pub fn write(op: &Op, out: &mut String) {
    write!(out, "{{:index {}, :time {}, :type ", op.index, op.time.as_nanos()).expect("a String takes everything");
    out.push_str(match op.kind {
        Kind::Invoke => ":invoke",
        Kind::Ok => ":ok",
        Kind::Fail => ":fail",
        Kind::Info => ":info",
    });
    out.push_str(", :process ");
    match op.process {
        Process::Client(number) => write!(out, "{number}").expect("a String takes everything"),
        Process::Nemesis => out.push_str(":nemesis"),
    }
    out.push_str(", :f ");
    push_name(&op.f, out);
    out.push_str(", :value ");
    transcribe(op.value.as_str(), Form::of_value(op), out);
    // The invocation has the extras already when its completion gets an error.
    for (key, value) in &op.extra {
        out.push_str(", ");
        push_name(key, out);
        out.push(' ');
        transcribe(value.as_str(), Form::of_extra(key), out);
    }
    if let Some(error) = &op.error {
        out.push_str(", :error ");
        transcribe(error.as_str(), Form::Named, out);
    }
    out.push('}');
}

/// What a JSON value stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// Itself.
    Plain,
    /// A name, or a vector that begins with one: `:net-timeout`, `[:abort "aborted"]`.
    Named,
    /// The steps of a transaction: `[[:r 8 nil] [:append 9 1]]`.
    Steps,
    /// One of them.
    Step,
    /// What the nemesis does: `:one`, `[:isolated {"n1" #{"n0" "n3"}}]`, `{"n1" :killed}`.
    Fault,
    /// Sets under strings.
    Grudge,
    /// A set.
    Set,
    /// A map with names for keys.
    Record,
    /// Such maps under keys that may be numbers: `{4 {:polled -1, :sent 3}}`.
    Records,
}

impl Form {
    fn of_value(op: &Op) -> Self {
        match (op.process, &*op.f, op.kind) {
            (Process::Nemesis, ..) => Self::Fault,
            (_, "txn" | "poll" | "send", _) => Self::Steps,
            // The result of an echo is the body of the message.
            (_, "echo", Kind::Ok) => Self::Record,
            _ => Self::Plain,
        }
    }

    fn of_extra(key: &str) -> Self {
        if key == "unseen" { Self::Records } else { Self::Plain }
    }

    /// What an array's element stands for.
    fn element(self, index: usize) -> Self {
        match (self, index) {
            (Self::Steps, _) => Self::Step,
            (Self::Named | Self::Step | Self::Fault, 0) => Self::Named,
            (Self::Fault, _) => Self::Grudge,
            _ => Self::Plain,
        }
    }

    /// What an object's member stands for.
    fn member(self) -> Self {
        match self {
            Self::Grudge => Self::Set,
            Self::Fault => Self::Named,
            Self::Records => Self::Record,
            _ => Self::Plain,
        }
    }

    /// Writes a string, of which `text` is the content and `literal` the EDN.
    fn push_string(self, text: &str, literal: &str, out: &mut String) {
        match self {
            Self::Named | Self::Fault if is_name(text) => push_name(text, out),
            _ => out.push_str(literal),
        }
    }

    /// Writes an object's key.
    fn push_key(self, text: &str, literal: &str, out: &mut String) {
        match self {
            Self::Record if is_name(text) => push_name(text, out),
            Self::Records if text.parse::<i64>().is_ok_and(|number| number.to_string() == text) => out.push_str(text),
            _ => out.push_str(literal),
        }
    }
}

fn push_name(name: &str, out: &mut String) {
    out.push(':');
    out.push_str(name);
}

/// Whether every reader of EDN takes `:text` for one keyword.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "*+!-_?.".contains(c))
}
