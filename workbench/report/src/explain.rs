//! A finding in the terminal: the reason, the operations around it and the messages meanwhile. The page shows a whole
//! run; this shows the screenful that matters for one finding.

mod messages;
mod operations;
mod subject;

use crate::explain::{messages::Around, operations::Line, subject::Subject};
use glomers_checkers::{finding::Finding, history::Kind, text::shorten};
use glomers_json::Json;
use glomers_workbench::Report;
use std::fmt;

/// The most lines shown of a timeline.
const DRAWING: usize = 24;

/// The most bytes shown of a value.
const VALUE: usize = 72;

/// The bytes shown of a longer value.
const PART: usize = 40;

/// A finding with the operations and messages around it. Its `Display` is made for a terminal.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    finding: &'a Finding,
    subject: Subject,
    operations: Vec<Line<'a>>,
    operations_left_out: usize,
    messages: Around,
    /// True if the run kept its messages.
    has_messages: bool,
    /// True if there is another node to tell.
    has_peers: bool,
}

impl<'a> Explanation<'a> {
    /// Explains a finding of this report.
    pub fn of(report: &'a Report, finding: &'a Finding) -> Self {
        let subject = Subject::of(&report.history, finding);
        let (operations, operations_left_out) = operations::around(&report.history, finding, &subject);
        let origin = report.config.as_ref().map(|config| config.origin);
        let shown = origin.map(|origin| messages::around(&report.journal, origin, &operations, &subject));
        let messages = shown.unwrap_or_default();
        let has_messages = origin.is_some() && !report.journal.is_empty();
        let has_peers = report.config.as_ref().is_some_and(|config| config.options.nodes.len() > 1);
        Self { finding, subject, operations, operations_left_out, messages, has_messages, has_peers }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.finding.kind, self.finding.explanation)?;
        let drawing = self.finding.detail.iter().flat_map(|detail| detail.lines());
        // The detail is a timeline or JSON.
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
        for message in &self.messages.shown {
            write!(f, "\n{message}")?;
        }
        left_out(f, self.messages.left_out, "messages")?;
        match &*self.subject.values {
            values @ [_, ..] if self.has_peers && !self.messages.has_told => {
                write!(f, "\nFrom then on no node sent another one a message with {}.", some(values))
            }
            _ => Ok(()),
        }
    }
}

impl Explanation<'_> {
    fn operation(&self, line: &Line<'_>) -> String {
        let Line { op, shows_it } = line;
        let mark = if *shows_it { '*' } else { ' ' };
        let error = op.error().map_or_else(String::new, |error| format!("  {}", shorten(error.as_str(), VALUE)));
        let (time, process) = (op.time.as_secs_f64(), op.process.to_string());
        let value = if op.value.is_null() { String::new() } else { self.value(&op.value, op.kind) };
        let head = format!("{mark} {:>6} {time:>10.4}  {process:>5}  {:<6} {:<9}", op.index, op.kind.to_string(), op.f);
        format!("{head} {value}{error}").trim_end().to_owned()
    }

    /// A value. A long one is cut to its length and the part that matters, with a remark if it has no such part.
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

/// The first few of several values.
fn some(subjects: &[String]) -> String {
    let shown: Vec<_> = subjects.iter().take(3).map(|subject| shorten(subject, PART)).collect();
    let more = if subjects.len() > shown.len() { " or others" } else { "" };
    format!("{}{more}", shown.join(" or "))
}
