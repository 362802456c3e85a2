//! The forms in which Jepsen writes values that JSON has as strings and arrays: names, sets and records.

use crate::history::{
    model::{Kind, Op},
    process::Process,
};

/// The role of a JSON value, which decides its form in EDN.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// The value itself.
    Plain,
    /// A name, or a vector that begins with one: `:net-timeout`, `[:abort "aborted"]`.
    Named,
    /// The steps of a transaction: `[[:r 8 nil] [:append 9 1]]`.
    Steps,
    /// One of them.
    Step,
    /// An action of the nemesis: `:one`, `[:isolated {"n1" #{"n0" "n3"}}]`, `{"n1" :killed}`.
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
    /// The role of an operation's value.
    pub(super) fn of_value(op: &Op) -> Self {
        match (op.process, &*op.f, op.kind) {
            (Process::Nemesis, ..) => Self::Fault,
            (_, "txn" | "poll" | "send", _) => Self::Steps,
            // The result of an echo is the body of the message.
            (_, "echo", Kind::Ok) => Self::Record,
            _ => Self::Plain,
        }
    }

    /// The role of another field of an operation.
    pub(super) fn of_extra(key: &str) -> Self {
        if key == "unseen" { Self::Records } else { Self::Plain }
    }

    /// The role of an array's element.
    pub(super) fn element(self, index: usize) -> Self {
        match (self, index) {
            (Self::Steps, _) => Self::Step,
            (Self::Named | Self::Step | Self::Fault, 0) => Self::Named,
            (Self::Fault, _) => Self::Grudge,
            _ => Self::Plain,
        }
    }

    /// The role of an object's member.
    pub(super) fn member(self) -> Self {
        match self {
            Self::Grudge => Self::Set,
            Self::Fault => Self::Named,
            Self::Records => Self::Record,
            _ => Self::Plain,
        }
    }

    /// Writes a string with this content and this EDN literal.
    pub(super) fn push_string(self, text: &str, literal: &str, out: &mut String) {
        match self {
            Self::Named | Self::Fault if is_name(text) => push_name(text, out),
            _ => out.push_str(literal),
        }
    }

    /// Writes an object's key.
    pub(super) fn push_key(self, text: &str, literal: &str, out: &mut String) {
        match self {
            Self::Record if is_name(text) => push_name(text, out),
            Self::Records if text.parse::<i64>().is_ok_and(|number| number.to_string() == text) => out.push_str(text),
            _ => out.push_str(literal),
        }
    }
}

/// Writes a name as a keyword.
pub(super) fn push_name(name: &str, out: &mut String) {
    out.push(':');
    out.push_str(name);
}

/// Tells whether every reader of EDN takes `:text` for one keyword.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "*+!-_?.".contains(c))
}
