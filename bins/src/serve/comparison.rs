//! Two runs side by side: their options and results, with the values that differ marked.

use crate::serve::{guard::Refusal, pages};
use glomers_report::store::moment;
use glomers_workbench::text::{significant, time};
use maud::{Markup, html};
use serde_json::Value;
use std::{collections::BTreeSet, fs::File, io::BufReader, path::Path, time::Duration};

/// The most bytes shown of a value.
const SHOWN: usize = 300;

/// A run, as flat lists of names and values.
pub(super) struct Run {
    /// Its address in the store: `echo/20261122T154501.123Z`.
    name: String,
    options: Vec<(String, String)>,
    results: Vec<(String, String)>,
}

impl Run {
    /// Reads a run's folder.
    pub(super) fn read(folder: &Path, name: &str) -> Result<Self, Refusal> {
        if !folder.is_dir() {
            return Err(Refusal::NotThere);
        }
        let flat = |file: &str| {
            let mut all = Vec::new();
            let value = File::open(folder.join(file)).ok();
            let value = value.and_then(|file| serde_json::from_reader::<_, Value>(BufReader::new(file)).ok());
            flatten("", &value.unwrap_or(Value::Null), &mut all);
            all
        };
        Ok(Self { name: name.to_owned(), options: flat("test.json"), results: flat("results.json") })
    }

    fn time(&self) -> String {
        let (workload, time) = self.name.split_once('/').unwrap_or((&self.name, ""));
        moment(time).map_or_else(|| self.name.clone(), |time| format!("{workload}, {time}"))
    }
}

/// The values in a JSON document, each with the names that lead to it. A list is one value, as text.
fn flatten(name: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let name = if name.is_empty() { key.clone() } else { format!("{name} \u{203a} {key}") };
                flatten(&name, member, all);
            }
        }
        Value::Array(items) if items.len() > 20 => all.push((name.to_owned(), format!("{} items", items.len()))),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(text).collect();
            all.push((name.to_owned(), items.join(" ")));
        }
        Value::Null => {}
        scalar => all.push((name.to_owned(), text(scalar))),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The page of a comparison.
pub(super) fn page(one: &Run, other: &Run) -> Markup {
    pages::page(
        "comparison",
        &html! {
            header { h1 { a href="/" { "Runs" } " / comparison" } }
            main {
                p.hint { "Values that differ, each marked with \u{2260}. Those that are equal are folded." }
                (table("Options", one, other, &one.options, &other.options))
                (table("Results", one, other, &one.results, &other.results))
            }
        },
    )
}

fn table(title: &str, one: &Run, other: &Run, left: &[(String, String)], right: &[(String, String)]) -> Markup {
    let find = |all: &[(String, String)], name: &str| {
        all.iter().find(|(other, _)| other == name).map_or_else(String::new, |(_, value)| value.clone())
    };
    let names: BTreeSet<&str> = left.iter().chain(right).map(|(name, _)| &**name).collect();
    let rows = names.into_iter().map(|name| (name, find(left, name), find(right, name)));
    let (same, changed): (Vec<_>, Vec<_>) = rows.partition(|(_, left, right)| left == right);
    html! {
        h2 { (title) }
        table.figures.entries {
            tr {
                th scope="col" { "differs" } th scope="col" { "name" }
                @for run in [one, other] {
                    th scope="col" { a href={ "/" (run.name) "/" } { (run.time()) } br; small { (run.name) } }
                }
            }
            @for (name, left, right) in &changed {
                tr.changed { td { "\u{2260}" } (cells(name, left, right)) }
            }
        }
        @if !same.is_empty() {
            details {
                summary { (same.len()) " that are equal" }
                table.figures.entries {
                    tr { th scope="col" { "name" } th scope="col" { "one" } th scope="col" { "other" } }
                    @for (name, left, right) in &same { tr { (cells(name, left, right)) } }
                }
            }
        }
    }
}

fn cells(name: &str, left: &str, right: &str) -> Markup {
    html! { th scope="row" { (name) } td.text { (shown(name, left)) } td.text { (shown(name, right)) } }
}

/// The names of times, which are nanoseconds in files.
const TIMES: [&str; 5] = ["figures \u{203a} median", "figures \u{203a} maximum", "origin", "stopped", "time-limit"];

/// A value, cut if it is long; a time with its unit, and a fraction with three figures.
fn shown(name: &str, text: &str) -> String {
    if let (true, Ok(number)) = (text.contains('.'), text.parse()) {
        return significant(number);
    }
    if let (true, Ok(nanos)) = (TIMES.contains(&name), text.parse()) {
        return time(Duration::from_nanos(nanos));
    }
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { short + "\u{2026}" } else { short }
}
