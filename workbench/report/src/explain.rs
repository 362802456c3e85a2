//! A finding in the terminal: why it is wrong, the operations around it, and what went over the network meanwhile. The
//! page shows a run as a whole; this shows the little that matters for one finding, a screen of it.

mod messages;
mod operations;

use crate::findings::Finding;
use glomers_checkers::{
    history::{History, Kind, Op, Process},
    text::{find, shorten},
};
use glomers_json::Json;
use glomers_workbench::Report;
use messages::Message;
use operations::Line;
use serde_json::Value;
use std::fmt;

/// How many lines of a drawing are shown.
const DRAWING: usize = 24;

/// How many bytes of a value are shown.
const VALUE: usize = 72;

/// How many of a long one.
const PART: usize = 40;

/// A finding and what happened around it. Its `Display` is made for a terminal.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    finding: &'a Finding,
    subject: Subject,
    operations: Vec<Line<'a>>,
    operations_left_out: usize,
    messages: Vec<Message>,
    messages_left_out: usize,
    /// Whether the run kept its messages.
    has_messages: bool,
}

impl<'a> Explanation<'a> {
    /// Explains a finding of this report.
    pub fn of(report: &'a Report, finding: &'a Finding) -> Self {
        let subject = Subject::of(&report.history, finding);
        let (operations, operations_left_out) = operations::around(&report.history, finding, &subject);
        let origin = report.config.as_ref().map(|config| config.origin);
        let shown = origin.map(|origin| messages::around(&report.journal, origin, &operations, &subject));
        let (messages, messages_left_out) = shown.unwrap_or_default();
        let has_messages = origin.is_some() && !report.journal.is_empty();
        Self { finding, subject, operations, operations_left_out, messages, messages_left_out, has_messages }
    }
}

/// What a finding is about, as JSON texts.
#[derive(Clone, Debug)]
struct Subject {
    values: Vec<String>,
    key: Option<String>,
}

impl Subject {
    /// What the finding says, or else the elements, messages and versions that its entries write.
    fn of(history: &History, finding: &Finding) -> Self {
        let mut values = finding.subjects.clone();
        if values.is_empty() {
            let ops = finding.entries.iter().filter_map(|index| history.ops().get(*index));
            ops.filter(|op| op.process != Process::Nemesis && op.f != "read").for_each(|op| written(op, &mut values));
            values.sort();
            values.dedup();
        }
        Self { values, key: finding.key.clone() }
    }

    /// Where a text tells of it: behind its key, if it has one.
    fn find(&self, text: &str) -> Option<usize> {
        let from = self.key.as_ref().map_or(Some(0), |key| find(text, key))?;
        let places = self.values.iter().filter_map(|value| find(&text[from..], value));
        places.min().map(|at| from + at)
    }

    fn is_in(&self, text: &str) -> bool {
        self.find(text).is_some()
    }
}

/// The values that an operation writes: those of a transaction's steps such as `["append", KEY, VALUE]`, or its own.
fn written(op: &Op, subjects: &mut Vec<String>) {
    let Ok(value) = op.value.decode::<Value>() else { return };
    match value.as_array() {
        None if value.is_null() => {}
        None => subjects.push(value.to_string()),
        Some(steps) => {
            let writes = steps.iter().filter(|step| matches!(step[0].as_str(), Some("append" | "w" | "send")));
            let value = |step: &Value| if step[2].is_array() { step[2][1].to_string() } else { step[2].to_string() };
            subjects.extend(writes.map(value));
        }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.finding.title, self.finding.explanation)?;
        let drawing = self.finding.detail.iter().flat_map(|detail| detail.lines());
        // Some checkers draw, others have JSON.
        if self.finding.detail.as_ref().is_some_and(|detail| !detail.starts_with(['{', '['])) {
            writeln!(f)?;
            drawing.take(DRAWING).try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        if self.finding.entries.is_empty() {
            return write!(f, "\nNo single operation shows it.");
        }
        write!(f, "\nOperations (entry, seconds, client; * shows it):")?;
        for line in &self.operations {
            write!(f, "\n{}", self.operation(line))?;
        }
        left_out(f, self.operations_left_out, "operations that have to do with it")?;
        if !self.has_messages {
            return write!(f, "\n\nThe run kept no messages; those of `glomers test` do.");
        }
        let about = match &*self.subject.values {
            [] => String::new(),
            subjects => format!(", and messages between nodes with {}", some(subjects)),
        };
        write!(f, "\n\nMessages (sent, received; of the operations with *{about}):")?;
        for message in &self.messages {
            write!(f, "\n{message}")?;
        }
        left_out(f, self.messages_left_out, "messages")
    }
}

impl Explanation<'_> {
    fn operation(&self, line: &Line<'_>) -> String {
        let Line { op, shows_it } = line;
        let mark = if *shows_it { '*' } else { ' ' };
        let error = op.error.as_ref().map_or_else(String::new, |error| format!("  {}", shorten(error.as_str(), VALUE)));
        let (time, process) = (op.time.as_secs_f64(), op.process.to_string());
        let value = if op.value.is_null() { String::new() } else { self.value(&op.value, op.kind) };
        let head = format!("{mark} {:>6} {time:>10.4}  {process:>5}  {:<6} {:<9}", op.index, op.kind.to_string(), op.f);
        format!("{head} {value}{error}").trim_end().to_owned()
    }

    /// A value; of a long one its length, and the part that matters, or that there is none.
    fn value(&self, value: &Json, kind: Kind) -> String {
        let text = value.as_str();
        if text.len() <= VALUE {
            return text.to_owned();
        }
        let place = self.subject.find(text);
        let begin = text.floor_char_boundary(place.map_or(0, |place| place.saturating_sub(PART / 2)));
        let end = text.floor_char_boundary((begin + PART).min(text.len()));
        let before = if begin > 0 { "\u{2026}" } else { "" };
        let after = if end < text.len() { "\u{2026}" } else { "" };
        let without = match (kind, place) {
            (Kind::Ok, None) if !self.subject.values.is_empty() => format!(", without {}", some(&self.subject.values)),
            _ => String::new(),
        };
        format!("{before}{}{after} ({} bytes{without})", &text[begin..end], text.len())
    }
}

fn left_out(f: &mut fmt::Formatter<'_>, count: usize, what: &str) -> fmt::Result {
    if count == 0 { Ok(()) } else { write!(f, "\n  \u{2026} and {count} more {what}") }
}

/// Some of several values.
fn some(subjects: &[String]) -> String {
    let shown: Vec<_> = subjects.iter().take(3).map(|subject| shorten(subject, PART)).collect();
    let more = if subjects.len() > shown.len() { " or others" } else { "" };
    format!("{}{more}", shown.join(" or "))
}
