//! The pages of the store. They need no script.

use crate::serve::{
    files::Entry,
    runs::{Order, Run, Verdict},
};
use glomers_report::page::STYLE;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that are escaped in a link.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The page of all runs.
pub(super) fn runs(runs: &[Run], order: Order) -> Markup {
    page(
        "runs",
        html! {
            h1 { "Runs" }
            p.hint {
                (runs.len()) " runs, sorted by "
                @for (index, (other, name)) in Order::ALL.iter().enumerate() {
                    @if index > 0 { " \u{b7} " }
                    @if *other == order { strong { (name) } } @else { a href={ "/?sort=" (name) } { (name) } }
                }
                " \u{b7} " a href="/latest/" { "latest" }
            }
            table.figures.entries {
                tr { th { "time" } th { "workload" } th { "verdict" } th { "ok / operations" } th { "command" } th {} }
                @for run in runs {
                    (row(run))
                }
            }
            @if runs.is_empty() {
                p { "There is none yet: " code { "glomers test" } " makes some." }
            }
        },
    )
}

fn row(run: &Run) -> Markup {
    let folder = [run.workload.clone(), run.name.clone()];
    html! {
        tr {
            td { a href=(link(&folder, true)) { (run.name) } }
            td { a href=(link(&folder[..1], true)) { (run.workload) } }
            td { (badge(run.verdict)) }
            td { @if let Some((count, ok)) = run.operations { (ok) " / " (count) } }
            td.text { @if let Some(command) = &run.command { (command) } }
            td {
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
        html! {
            h1 {
                a href="/" { "Runs" }
                @for place in 1..=names.len() {
                    " / " a href=(link(&names[..place], true)) { (names[place - 1]) }
                }
            }
            table.figures.entries {
                tr { th { "name" } th { "bytes" } }
                @for Entry { name, size } in entries {
                    tr {
                        td { a href=(link(&inside(name), size.is_none())) { (name) @if size.is_none() { "/" } } }
                        td { @if let Some(size) = size { (size) } }
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
        html! {
            h1 { (text) }
            p { a href="/" { "All runs" } }
        },
    )
}

fn page(title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "glomers: " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (content) }
        }
    }
}

/// The address of a file or folder.
fn link(names: &[impl AsRef<str>], is_folder: bool) -> String {
    let names = names.iter().map(|name| format!("/{}", utf8_percent_encode(name.as_ref(), ESCAPED)));
    names.collect::<String>() + if is_folder { "/" } else { "" }
}
