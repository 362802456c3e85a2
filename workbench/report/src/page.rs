//! A run as one HTML page that needs no other file and no network, and its charts as SVG files.
//!
//! Texts and figures are HTML, readable without scripts. The page's scripts draw the two diagrams on canvases, only the
//! part in view, from data that the page carries as JSON; tens of thousands of operations and messages stay usable.
//! Nodes may send anything, so none of their text becomes HTML: `maud` escapes it here, the scripts only set and draw
//! text, and the page's policy forbids the network.
//!
//! The same report gives the same bytes.

mod anomalies;
mod challenge;
mod charts;
mod data;
mod provenance;
mod summary;

pub use provenance::Provenance;

use data::Data;
use glomers_checkers::history::faults::periods;
use glomers_workbench::Report;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page of a run.
#[derive(Clone, Debug)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// The charts, each with its file name.
    pub charts: Vec<(&'static str, String)>,
}

/// The style sheet, light and dark.
pub const STYLE: &str = include_str!("page/page.css");

const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/view.js"),
    include_str!("page/timeline.js"),
    include_str!("page/messages.js"),
    include_str!("page/main.js"),
);

/// The ways to move a diagram.
const MOVE: &str = "Drag to move; the wheel zooms with Ctrl, or after a click. ";

/// The content security policy: no scripts, styles or connections but the page's own.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

impl Page {
    /// The page of a run.
    pub fn of(report: &Report, provenance: &Provenance) -> Self {
        let faults = periods(&report.history);
        let charts = charts::all(&report.history, &faults);
        let data = Data::of(report, &faults);
        Self { html: page(report, provenance, &charts, &data).into_string(), charts }
    }
}

fn page(report: &Report, provenance: &Provenance, charts: &[(&'static str, String)], data: &Data<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (report.workload) ": " (report.valid()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (summary::head(report, provenance))
                main {
                    (anomalies::section(report))
                    (summary::statistics(report))
                    (charts_section(charts))
                    (timeline_section(data))
                    (messages_section(data))
                    (summary::results(report))
                }
                div #tip role="status" {}
                script type="application/json" #data { (PreEscaped(embed(data))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn charts_section(charts: &[(&'static str, String)]) -> Markup {
    html! {
        section #charts {
            h2 { "Latency and rate" }
            p.hint { "Faults were in force in the shaded periods. Latencies of 0.1 ms or less are drawn at the bottom." }
            @for (_, svg) in charts {
                (PreEscaped(svg))
            }
        }
    }
}

fn timeline_section(data: &Data<'_>) -> Markup {
    html! {
        section #timeline {
            h2 { "Operations" }
            p.hint {
                "Each bar is an operation from invocation to completion; each row is a client and its successors. "
                (MOVE) "Point at a bar to see the operation, or beside it to see the faults in force. Click to pin the text."
            }
            @if data.has_operations() {
                (diagram("timeline"))
            } @else {
                p { "No operation began." }
            }
        }
    }
}

fn messages_section(data: &Data<'_>) -> Markup {
    html! {
        section #messages {
            h2 { "Messages" }
            @if data.has_messages() {
                p.hint {
                    "Time runs downwards; each node, service and client has a column. A broken line is a message that never "
                    "arrived. " (MOVE) "Point at a line to see its message. Click to pin the text."
                    @if let Some(left_out) = data.messages_left_out() {
                        " " strong { "Only the first " (data.messages_shown()) " messages are drawn; " (left_out) " later ones are in messages.jsonl." }
                    }
                }
                div.filters { div #types {} div #columns {} }
                (diagram("messages"))
            } @else {
                p { "This run did not record messages. " code { "glomers test" } " records them." }
            }
        }
    }
}

/// A canvas with its buttons, under the names that the scripts look for.
fn diagram(name: &str) -> Markup {
    html! {
        div.tools {
            button type="button" data-act="in" title="Zoom in" { "+" }
            button type="button" data-act="out" title="Zoom out" { "\u{2212}" }
            button type="button" data-act="back" title="Earlier" { "\u{2190}" }
            button type="button" data-act="on" title="Later" { "\u{2192}" }
            button type="button" data-act="all" title="The whole run" { "all" }
            output {}
        }
        canvas.overview height="28" aria-hidden="true" {}
        canvas.diagram tabindex="0" role="img" aria-label=(name) {}
        pre.pinned hidden {}
    }
}

/// JSON in a form that an HTML parser takes for text.
fn embed(value: &impl serde::Serialize) -> String {
    // `<` occurs only within strings.
    serde_json::to_string(value).expect("it has a JSON form").replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_text_ends_no_script_and_means_the_same() {
        let hostile = ["</script><script>alert(1)</script>", "<!--", "]]>", "\u{2028}", "\"\\", "a < b"];
        let text = embed(&hostile);
        assert!(!text.contains('<'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), hostile);
    }
}
