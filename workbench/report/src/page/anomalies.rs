//! The findings of the checkers, one card each.

use super::cycle;
use glomers_checkers::finding::{Finding, Weight};
use glomers_checkers::text::{shorten, time};
use glomers_workbench::Report;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The most entries shown of a finding.
const ENTRIES: usize = 12;

/// The most bytes shown of an entry's value.
const VALUE: usize = 240;

/// The most values of a finding whose spread can be shown.
const SUBJECTS: usize = 3;

/// The findings, the worst first. They lead to the messages if the page has them.
pub(super) fn section(report: &Report, has_messages: bool) -> Markup {
    let (notes, found): (Vec<_>, Vec<_>) =
        report.judgement.findings().into_iter().partition(|anomaly| anomaly.weight == Weight::Note);
    html! {
        section #findings {
            h2 { "Findings" }
            @if found.is_empty() {
                p { "No fault was found." }
            }
            @for kind in found.chunk_by(|one, other| one.kind == other.kind) {
                (card(report, has_messages, &kind[0]))
                (folded(report, has_messages, &kind[1..], &format!("more: {}", kind[0].kind)))
            }
            (folded(report, has_messages, &notes, "notes"))
        }
    }
}

/// Findings that are folded until the reader opens them.
fn folded(report: &Report, has_messages: bool, found: &[Finding], what: &str) -> Markup {
    html! {
        @if !found.is_empty() {
            details {
                summary { (found.len()) " " (what) }
                @for anomaly in found {
                    (card(report, has_messages, anomaly))
                }
            }
        }
    }
}

fn card(report: &Report, has_messages: bool, anomaly: &Finding) -> Markup {
    let mut places = anomaly.entries.clone();
    places.sort_unstable();
    places.dedup();
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    let places = places.join(",");
    let (class, role) = match anomaly.weight {
        Weight::Fault => ("fault", ""),
        Weight::Strict => ("finding", "Maelstrom does not check this"),
        Weight::Note => ("note", ""),
    };
    html! {
        article.(class) {
            h3 { (anomaly.kind) " " small { (role) } }
            @if let Some(graph) = cycle::graph(report, anomaly) {
                // The graph and its list say all that the explanation does.
                (graph)
                details { summary { "in words" } pre tabindex="0" { (anomaly.explanation) } }
            } @else {
                p.explanation { (anomaly.explanation) }
            }
            @if !anomaly.entries.is_empty() {
                p.places {
                    a href=(format!("#timeline={places}")) { "show the operations" }
                    @if has_messages {
                        " \u{b7} " a href=(format!("#messages={places}")) { "show the messages" }
                        @for value in anomaly.subjects.iter().take(SUBJECTS) {
                            " \u{b7} " a href={ "#spread=" (utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()) } {
                                "show how " (shorten(value, 20)) " spread"
                            }
                        }
                    }
                }
                (entries(report, &anomaly.entries))
            }
            @if let Some(detail) = &anomaly.detail {
                details { summary { "details" } pre tabindex="0" { (detail) } }
            }
        }
    }
}

/// The entries, one row each.
fn entries(report: &Report, indices: &[usize]) -> Markup {
    let known = || indices.iter().filter_map(|index| report.history.ops().get(*index));
    html! {
        table.figures.entries {
            tr {
                th scope="col" { "entry" } th scope="col" { "time" } th scope="col" { "process" }
                th scope="col" { "type" } th scope="col" { "f" } th scope="col" { "value" }
            }
            @for op in known().take(ENTRIES) {
                tr {
                    td { a href=(format!("#timeline={}", op.index)) { (op.index) } }
                    td { (time(op.time)) } td { (op.process) } td { (op.kind) } td { (op.f) }
                    td.text { (shorten(op.value.as_str(), VALUE)) }
                }
            }
        }
        @if known().count() > ENTRIES {
            p.hint { "and " (known().count() - ENTRIES) " more" }
        }
    }
}
