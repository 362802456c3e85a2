//! A run as one HTML page that needs no other file and no network, and its charts as SVG files.
//!
//! Texts and figures are HTML, readable without scripts. The page's scripts draw the two diagrams on canvases, only the
//! part in view, from data that the page carries as JSON; tens of thousands of operations and messages stay usable.
//! Nodes may send anything, so none of their text becomes HTML: `maud` escapes it here, the scripts only set and draw
//! text, and the page's policy forbids the network.
//!
//! The same report gives the same bytes.

mod anomalies;
mod badge;
mod challenge;
mod charts;
mod cycle;
mod data;
mod provenance;
mod selection;
mod sides;
mod summary;

pub use provenance::Provenance;

use crate::messages::Messages;
use data::Data;
use glomers_checkers::{history::faults::periods, text::time};
use glomers_workbench::Report;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::{io, ops::RangeInclusive, time::Duration};

/// The page of a run.
#[derive(Clone, Debug)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// The charts, each with its file name.
    pub charts: Vec<(&'static str, String)>,
}

/// The style sheet, light and dark.
const STYLE: &str = include_str!("page/page.css");

const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/view.js"),
    include_str!("page/timeline.js"),
    include_str!("page/messages.js"),
    include_str!("page/main.js"),
);

/// The ways to move a diagram.
const MOVE: &str = "Drag to move; the wheel zooms with Ctrl, or after a click. On the keyboard, the arrows move, + and - zoom, \
    n and p choose the next and the previous one, and Escape lets it go. ";

/// The content security policy: no scripts, styles or connections but the page's own.
pub const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

impl Page {
    /// The page of a run.
    pub fn of(report: &Report, provenance: &Provenance) -> Self {
        Self::with(report, Messages::Kept(&report.journal), provenance).expect("messages in memory can be read")
    }

    /// The page of a run with these messages.
    ///
    /// # Errors
    ///
    /// If the file of the messages cannot be read.
    pub fn with(report: &Report, messages: Messages<'_>, provenance: &Provenance) -> io::Result<Self> {
        let faults = periods(&report.history);
        let charts = charts::all(report, &faults, &challenge::thresholds(report));
        let data = Data::of(report, messages, &faults, None)?;
        let title = format!("{}: {}", report.workload, report.valid());
        let content = html! {
            (summary::head(report, provenance))
            main {
                (anomalies::section(report, !messages.is_empty()))
                (summary::statistics(report))
                (charts_section(&charts))
                (timeline_section(&data))
                (messages_section(&data))
                (summary::results(report))
            }
        };
        Ok(Self { html: document(&title, &content, &data).into_string(), charts })
    }
}

/// The operations and messages of a run in a stretch of time, as a page of HTML. A run's own page has only a selection of
/// them if there are many.
pub fn window(report: &Report, window: RangeInclusive<Duration>) -> String {
    let faults = periods(&report.history);
    let (from, to) = (time(*window.start()), time(*window.end()));
    let data = Data::of(report, Messages::Kept(&report.journal), &faults, Some(window));
    let data = data.expect("messages in memory can be read");
    let title = format!("{}: {from} to {to}", report.workload);
    let content = html! {
        header {
            h1 { (title) }
            p { a href="report.html" { "the whole run" } }
        }
        main {
            (timeline_section(&data))
            (messages_section(&data))
        }
    };
    document(&title, &content, &data).into_string()
}

fn document(title: &str, content: &Markup, data: &Data<'_>) -> Markup {
    bare(
        title,
        &html! {
            (content)
            div #tip role="status" {}
            script type="application/json" #data { (PreEscaped(embed(data))) }
            script { (PreEscaped(SCRIPT)) }
        },
    )
}

/// A page with this title and body, with the style and the policy of all pages.
pub fn bare(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

fn charts_section(charts: &[(&'static str, String)]) -> Markup {
    html! {
        section #charts {
            h2 { "Charts" }
            p.hint { "Faults were in force in the shaded periods. Latencies and lags of 0.1 ms or less are drawn at the bottom." }
            @for (name, svg) in charts {
                // It can be scrolled if the window is narrow, also by keys.
                div.chart tabindex="0" role="group" aria-label=(name.trim_end_matches(".svg")) { (PreEscaped(svg)) }
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
            @if let Some((left_out, all)) = data.operations_left_out() {
                (selection_note(left_out, all, "operations", "those that findings name and their neighbours, the first ones, \
                 those that did not succeed, and a sample of the others"))
            }
            @if data.has_operations() {
                (keys())
                (diagram("timeline", "Operations over time. The history in history.jsonl has the same as text."))
            } @else {
                p { "No operation began." }
            }
        }
    }
}

/// The outcomes in the forms in which `timeline.js` draws them.
fn keys() -> Markup {
    let bar = |class: &str, name: &str, picture: Markup| {
        html! { li { svg width="22" height="14" aria-hidden="true" style={ "color:var(--" (class) ")" } { (picture) } " " (name) } }
    };
    html! {
        ul.keys {
            (bar("ok", "ok", html! { rect width="22" height="14" fill="currentColor" {} }))
            (bar("info", "info: it may have happened", html! {
                rect x="0.75" y="5.5" width="20.5" height="7.75" fill="none" stroke="currentColor" stroke-width="1.5" {}
                rect y="10.5" width="22" height="3.5" fill="currentColor" {}
            }))
            (bar("fail", "fail: it did not happen", html! {
                rect x="0.75" y="0.75" width="20.5" height="12.5" fill="none" stroke="currentColor" stroke-width="1.5" {}
            }))
            (bar("open", "not ended", html! { rect y="6" width="22" height="2" fill="currentColor" {} }))
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
                    "arrived. " (MOVE) "Point at a line to see its message. Click to pin the text. In a partition, nodes "
                    "with the same letter reach each other."
                }
                @if let Some((left_out, all)) = data.messages_left_out() {
                    (selection_note(left_out, all, "messages", "those around operations that findings name, the first ones, \
                     those that never arrived, and stretches of the others"))
                }
                form.spread {
                    label { "Show how a value spread: " input #value type="text" size="12" placeholder="5" autocomplete="off"; }
                    button type="submit" { "Show" } button type="reset" { "Clear" }
                    span role="status" {}
                }
                div.filters { div #types role="group" aria-label="Types" {} div #columns role="group" aria-label="Participants" {} }
                (diagram("messages", "Messages over time. messages.jsonl has the same as text."))
                ol.path hidden {}
            } @else {
                p { "This run did not record messages. " code { "glomers test" } " records them." }
            }
        }
    }
}

/// The note that a diagram shows a selection of a large run.
fn selection_note(left_out: usize, all: usize, what: &str, selection: &str) -> Markup {
    html! {
        p.selection {
            strong { (all - left_out) " of " (all) " " (what) " are in this page" } ": " (selection) ". The strip above the "
            "diagram counts all. " code { "glomers serve" } " shows any stretch of time in full: zoom in there, and choose "
            em { "load all" } "."
        }
    }
}

/// A canvas with its buttons, under the names that the scripts look for. `label` is its text for screen readers.
fn diagram(name: &str, label: &str) -> Markup {
    html! {
        div.tools role="group" aria-label={ "Move the diagram of " (name) } {
            button type="button" data-act="in" aria-label="Zoom in" { "+" }
            button type="button" data-act="out" aria-label="Zoom out" { "\u{2212}" }
            button type="button" data-act="back" aria-label="Earlier" { "\u{2190}" }
            button type="button" data-act="on" aria-label="Later" { "\u{2192}" }
            button type="button" data-act="all" { "whole run" }
            a.whole hidden { "load all of this stretch" }
            output {}
        }
        canvas.overview height="28" aria-hidden="true" {}
        canvas.diagram tabindex="0" role="img" aria-label=(label) {}
        pre.pinned tabindex="0" aria-live="polite" hidden {}
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
