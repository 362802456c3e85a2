//! Histories in EDN, as Jepsen prints them: one map a line, names as keywords, the keys in Jepsen's order.
//!
//! Operations carry JSON, in which a name is a string like any other. Where Jepsen's clients and nemesis have names,
//! and where they have sets, follows from the operation alone: `Form` says it, `transcribe` does it. Everything else is
//! written as the JSON value it is. The text is rewritten token by token, without a tree in between, so values of any
//! depth and numbers of any length come out as they came in.

pub(super) mod entries;
mod form;
mod json;
mod transcribe;

use crate::history::{
    edn::{
        form::{Form, push_name},
        json::Transcriber,
        transcribe::transcribe,
    },
    file::BadText,
    model::{Kind, Op},
    process::Process,
};
use glomers_edn::{Reader, line_and_column};
use std::fmt::Write;

/// The first form of a text as JSON: names are strings, sets and lists arrays, keys and elements of sets are sorted.
///
/// # Errors
///
/// There is none, or it is no EDN.
pub fn to_json(text: &str) -> Result<String, BadText> {
    let mut reader = Reader::new(text);
    let mut json = Vec::new();
    let read = reader.needed("a form", reader.deepest());
    let transcribed = read.and_then(|token| Transcriber::default().value(&mut reader, token, &mut json));
    transcribed.map_err(|error| {
        let (line, column) = line_and_column(text, error.at);
        BadText { line, reason: format!("{error}, at column {column}") }
    })?;
    Ok(String::from_utf8(json).expect("it was made from text"))
}

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
    for (key, value) in op.extra() {
        out.push_str(", ");
        push_name(key, out);
        out.push(' ');
        transcribe(value.as_str(), Form::of_extra(key), out);
    }
    if let Some(error) = op.error() {
        out.push_str(", :error ");
        transcribe(error.as_str(), Form::Named, out);
    }
    out.push('}');
}
