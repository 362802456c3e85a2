//! The pages of the store. They need no script.

use crate::serve::{
    files::Entry,
    runs::{Order, Run, Verdict},
};
use glomers_report::{page::bare, store::moment};
use glomers_workbench::text::{self, significant};
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// The characters that are escaped in a link.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The page of all runs.
pub(super) fn runs(runs: &[Run], order: Order) -> Markup {
    page(
        "runs",
        &html! {
            header {
                h1 { "Runs" }
                p.hint { (runs.len()) " runs \u{b7} " a href="/latest/" { "the latest" } }
            }
            main {
                @if runs.is_empty() {
                    p { "There is none yet: " code { "glomers test" } " makes some." }
                } @else {
                    form action="/compare" {
                        p { button type="submit" { "Compare the two chosen runs" } }
                        (table(runs, order))
                    }
                }
            }
        },
    )
}

/// The columns, each with the order by which its title sorts the table.
const COLUMNS: [(Order, &str); 7] = [
    (Order::Time, "time"),
    (Order::Workload, "workload"),
    (Order::Verdict, "verdict"),
    (Order::Findings, "findings"),
    (Order::Operations, "ok / operations"),
    (Order::Messages, "msgs/op"),
    (Order::Latency, "median / maximum"),
];

fn table(runs: &[Run], order: Order) -> Markup {
    // Times, workloads and verdicts that are equal keep the newest first.
    let sort = |column: Order| match column {
        _ if column != order => None,
        Order::Workload | Order::Verdict => Some("ascending"),
        _ => Some("descending"),
    };
    html! {
        table.figures.entries {
            tr {
                th scope="col" { "choose" }
                @for (column, title) in COLUMNS {
                    th scope="col" aria-sort=[sort(column)] {
                        a href={ "/?sort=" (column.name()) } { (title) }
                        @if column == order { " \u{25be}" }
                    }
                }
                th scope="col" { "command" } th scope="col" { "files" }
            }
            @for run in runs {
                (row(run))
            }
        }
    }
}

fn row(run: &Run) -> Markup {
    let folder = [run.workload.clone(), run.name.clone()];
    let address = format!("{}/{}", run.workload, run.name);
    let time = moment(&run.name).unwrap_or_else(|| run.name.clone());
    let figures = &run.figures;
    html! {
        tr {
            td { input type="checkbox" name="run" value=(address) aria-label={ "Compare " (address) }; }
            td { a href=(link(&folder, true)) title=(run.name) { (time) } }
            td { a href=(link(&folder[..1], true)) { (run.workload) } }
            td {
                (badge(run.verdict))
                @if let Some(why) = &run.why_open { br; small { (why) } }
            }
            td { @if run.verdict != Verdict::Open { (figures.faults) @if figures.strict > 0 { " + " (figures.strict) " strict" } } }
            td { @if let Some((count, ok)) = run.operations { (ok) " / " (count) } }
            td { @if let Some(messages) = figures.messages_per_operation { (significant(messages)) } }
            td {
                @if let (Some(median), Some(maximum)) = (figures.median, figures.maximum) {
                    (text::time(Duration::from_nanos(median))) " / " (text::time(Duration::from_nanos(maximum)))
                }
            }
            td.text.command { @if let Some(command) = &run.command { (command) } }
            td.files {
                @for (file, name) in &run.files {
                    a href=(link(&[&run.workload, &run.name, *file], *file == "node-logs")) { (name) } " "
                }
            }
        }
    }
}

fn badge(verdict: Verdict) -> Markup {
    let name = match verdict {
        Verdict::Valid => "valid",
        Verdict::Unknown => "unknown",
        Verdict::Invalid => "invalid",
        Verdict::Open => return html! { small { "no results" } },
    };
    html! { span.badge.(name) { (name) } }
}

/// The page of a folder.
pub(super) fn folder(names: &[String], entries: &[Entry]) -> Markup {
    let inside = |name: &str| names.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
    page(
        &names.join("/"),
        &html! {
            header {
                h1 {
                    a href="/" { "Runs" }
                    @for place in 1..=names.len() {
                        " / " a href=(link(&names[..place], true)) { (names[place - 1]) }
                    }
                }
                @if let Some(time) = names.get(1).and_then(|name| moment(name)) { p.hint { (time) } }
            }
            main {
                table.figures.entries {
                    tr { th scope="col" { "name" } th scope="col" { "bytes" } }
                    @for Entry { name, size } in entries {
                        tr {
                            td { a href=(link(&inside(name), size.is_none())) { (name) @if size.is_none() { "/" } } }
                            td { @if let Some(size) = size { (size) } }
                        }
                    }
                }
            }
        },
    )
}

/// The page of a refused request.
pub(super) fn refusal(text: &str) -> Markup {
    page(
        "nothing",
        &html! {
            main {
                h1 { (text) }
                p { a href="/" { "All runs" } }
            }
        },
    )
}

pub(super) fn page(title: &str, content: &Markup) -> Markup {
    bare(&format!("glomers: {title}"), content)
}

/// The address of a file or folder.
fn link(names: &[impl AsRef<str>], is_folder: bool) -> String {
    let names = names.iter().map(|name| format!("/{}", utf8_percent_encode(name.as_ref(), ESCAPED)));
    names.collect::<String>() + if is_folder { "/" } else { "" }
}
