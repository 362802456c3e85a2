//! Histories in EDN, as Jepsen prints them: one map a line, names as keywords, the keys in Jepsen's order.
//!
//! Operations carry JSON, in which a name is a string like any other. Where Jepsen's clients and nemesis have names, and
//! where they have sets, follows from the operation alone: `Form` says it, `transcribe` does it. Everything else is
//! written as the JSON value it is. The text is rewritten token by token, without a tree in between, so values of any
//! depth and numbers of any length come out as they came in.

mod depth;
mod form;
mod json;
mod readable;
mod transcribe;

pub use readable::readable;

pub use depth::too_deep;
pub use json::to_json;

use crate::history::{
    edn::{
        form::{Form, push_name},
        transcribe::transcribe,
    },
    model::{Kind, Op, Process},
};
use std::fmt::Write;

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
