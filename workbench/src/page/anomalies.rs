//! What the checkers found, each finding with the entries that show it. The checkers' JSON has a shape for each
//! workload; what has none of them is shown as it is.

mod collect;
mod kinds;

use super::words::{shorten, time};
use crate::{
    history::{Kind, Op, Process},
    report::Report,
};
use collect::collect;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// How many entries of a finding are shown, and how many bytes of their values.
const ENTRIES: usize = 12;
const VALUE: usize = 240;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Weight {
    /// It decides the verdict.
    Fault,
    /// Maelstrom does not look for it.
    Suspicion,
    /// It is worth knowing.
    Note,
}

/// Something that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Anomaly {
    weight: Weight,
    title: String,
    explanation: String,
    /// The indices of the entries that show it.
    entries: Vec<usize>,
    /// More about it, as text.
    detail: Option<String>,
}

/// The findings, the gravest first.
pub(super) fn section(report: &Report) -> Markup {
    let (notes, found): (Vec<_>, Vec<_>) =
        collect(report).into_iter().partition(|anomaly| anomaly.weight == Weight::Note);
    html! {
        section #findings {
            h2 { "Findings" }
            @if found.is_empty() {
                p { "Nothing that counts was found." }
            }
            @for kind in found.chunk_by(|one, other| one.title == other.title) {
                (card(report, &kind[0]))
                (folded(report, &kind[1..], &format!("more of {}", kind[0].title)))
            }
            (folded(report, &notes, "worth knowing"))
        }
    }
}

/// Findings that are shown when they are asked for.
fn folded(report: &Report, found: &[Anomaly], what: &str) -> Markup {
    html! {
        @if !found.is_empty() {
            details {
                summary { (found.len()) " " (what) }
                @for anomaly in found {
                    (card(report, anomaly))
                }
            }
        }
    }
}

fn card(report: &Report, anomaly: &Anomaly) -> Markup {
    let places: BTreeSet<usize> = anomaly.entries.iter().copied().collect();
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    let places = places.join(",");
    let (class, role) = match anomaly.weight {
        Weight::Fault => ("fault", ""),
        Weight::Suspicion => ("suspicion", "Maelstrom does not look for it"),
        Weight::Note => ("note", ""),
    };
    html! {
        article.(class) {
            h3 { (anomaly.title) " " small { (role) } }
            p { (anomaly.explanation) }
            @if !anomaly.entries.is_empty() {
                p.places {
                    a href=(format!("#timeline={places}")) { "among the operations" }
                    @if !report.journal.is_empty() {
                        " \u{b7} " a href=(format!("#messages={places}")) { "among the messages" }
                    }
                }
                (entries(report, &anomaly.entries))
            }
            @if let Some(detail) = &anomaly.detail {
                details { summary { "details" } pre { (detail) } }
            }
        }
    }
}

/// The entries, a row each.
fn entries(report: &Report, indices: &[usize]) -> Markup {
    let known = || indices.iter().filter_map(|index| report.history.ops().get(*index));
    html! {
        table.figures.entries {
            tr { th { "entry" } th { "time" } th { "process" } th { "type" } th { "f" } th { "value" } }
            @for op in known().take(ENTRIES) {
                tr {
                    td { a href=(format!("#timeline={}", op.index)) { (op.index) } }
                    td { (time(op.time)) } td { (process(op)) } td { (kind(op)) } td { (op.f) }
                    td.text { (shorten(op.value.text(), VALUE)) }
                }
            }
        }
        @if known().count() > ENTRIES {
            p.hint { "and " (known().count() - ENTRIES) " more" }
        }
    }
}

fn process(op: &Op) -> String {
    match op.process {
        Process::Client(number) => number.to_string(),
        Process::Nemesis => "nemesis".to_owned(),
    }
}

fn kind(op: &Op) -> &'static str {
    match op.kind {
        Kind::Invoke => "invoke",
        Kind::Ok => "ok",
        Kind::Fail => "fail",
        Kind::Info => "info",
    }
}
