//! A run to look at: one HTML page that needs nothing but itself, and its charts as SVG files.
//!
//! What the page says in words and numbers is written here, so that it can be read without scripts. The two diagrams are
//! drawn by the page on canvases, only what is in view, from data that it carries as JSON: so tens of thousands of
//! operations and messages stay usable. Nodes may send anything, so nothing of theirs is ever taken for HTML: `maud`
//! escapes what is written here, the scripts only set text and draw it, and the page forbids itself the network.
//!
//! The same report gives the same bytes.

mod anomalies;
mod charts;
mod data;
mod summary;

use data::Data;
use glomers_checkers::history::faults::periods;
use glomers_workbench::Report;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A run's page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The page.
    pub html: String,
    /// Its charts, each with the name of its file.
    pub charts: Vec<(&'static str, String)>,
}

/// The look of a page, in light and in dark.
pub const STYLE: &str = include_str!("page/page.css");

const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/view.js"),
    include_str!("page/timeline.js"),
    include_str!("page/messages.js"),
    include_str!("page/main.js"),
);

/// How diagrams are moved.
const MOVE: &str = "Drag to move; the wheel zooms with Ctrl, or after a click. ";

/// What the page may do: nothing but what it carries.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

impl Page {
    /// The page of a run. `command` is what was typed to run it.
    pub fn of(report: &Report, command: Option<&str>) -> Self {
        let faults = periods(&report.history);
        let charts = charts::all(&report.history, &faults);
        let data = Data::of(report, &faults);
        Self { html: page(report, command, &charts, &data).into_string(), charts }
    }
}

fn page(report: &Report, command: Option<&str>, charts: &[(&'static str, String)], data: &Data<'_>) -> Markup {
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
                (summary::head(report, command))
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
            p.hint { "Shaded: while faults were in force. What took 0.1 ms or less stands at the bottom." }
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
                "A bar from invocation to completion, a row for each client and those who took its place. "
                (MOVE) "Point at a bar for what it says, beside it for the faults in force; click to keep it in view."
            }
            @if data.has_operations() {
                (diagram("timeline"))
            } @else {
                p { "No operation was begun." }
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
                    "Time runs downwards, a column for each node, service and client. A broken line: a message that never "
                    "arrived. " (MOVE) "Point at a line for its message, click to keep it in view."
                    @if let Some(left_out) = data.messages_left_out() {
                        " " strong { "Only the first " (data.messages_shown()) " messages are here; " (left_out) " later ones are in messages.jsonl." }
                    }
                }
                div.filters { div #types {} div #columns {} }
                (diagram("messages"))
            } @else {
                p { "The run kept no messages. " code { "glomers test" } " keeps them." }
            }
        }
    }
}

/// A canvas with its buttons; the scripts find them by these names.
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
        pre.kept hidden {}
    }
}

/// JSON that no HTML parser can take for anything else.
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
