//! The top of the page: the verdict with its reasons, the command that repeats the run, and the figures.

use super::{badge::badge, challenge, provenance::Provenance};
use glomers_checkers::summary::CRASH;
use glomers_checkers::{
    checker::{set_full::SetFull, stats},
    json::shortened,
    text::{shorten, significant, time},
    validity::Validity,
};
use glomers_workbench::{
    Report, TestConfig, Traffic,
    options::{Options, flags},
};
use maud::{Markup, html};
use std::fmt::Write as _;

/// The most bytes shown of an exception.
const EXCEPTION: usize = 1000;

/// The title, the verdict and its parts.
pub(super) fn head(report: &Report, provenance: &Provenance) -> Markup {
    html! {
        header {
            h1 { (report.workload) " " (badge(report.valid())) }
            p { (circumstances(report, provenance)) }
            p { (outcome(report)) }
            (challenge::section(report))
            table.facts {
                @for part in report.judgement.parts() {
                    tr {
                        th scope="row" { (part.name) }
                        td { @if part.counts { (badge(part.valid)) } @else { (informative(part.valid)) } }
                        td { (part.reason) }
                    }
                }
            }
            (config(report, provenance))
            nav aria-label="Sections" {
                a href="#findings" { "Findings" }
                a href="#statistics" { "Statistics" }
                a href="#charts" { "Charts" }
                a href="#timeline" { "Operations" }
                a href="#messages" { "Messages" }
                a href="#results" { "Results" }
            }
        }
    }
}

/// The date, the duration, the nodes and the clients, as far as they are known.
fn circumstances(report: &Report, provenance: &Provenance) -> String {
    let mut facts: Vec<String> = provenance.begun.iter().cloned().collect();
    if let Some(end) = report.history.ops().last() {
        facts.push(format!("{} long", time(end.time)));
    }
    if let Some(TestConfig { options, .. }) = &report.config {
        let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        facts.push(plural(options.nodes.len(), "node"));
        facts.push(plural(options.clients(), "client"));
    }
    facts.join(" \u{b7} ")
}

/// The operations that succeeded, and the latency that matters for the workload.
fn outcome(report: &Report) -> String {
    let counts = report.judgement.stats.all;
    let mut text = format!("{} of {} operations ok", counts.ok_count, counts.count);
    if let Some((median, maximum)) = report.judgement.verdict.results().and_then(SetFull::median_and_maximum) {
        let (median, maximum) = (time(median), time(maximum));
        let _ = write!(text, ". Every node shows a value after {median} (median), {maximum} at most");
    }
    if let Some([_, median, .., most]) = report.latencies() {
        let _ = write!(text, ". An operation takes {} (median), {} at most", time(median), time(most));
    }
    text + "."
}

/// The mark of a part that does not count for the verdict.
fn informative(valid: Validity) -> Markup {
    html! { span.badge.aside { @if valid == Validity::Valid { "none" } @else { "note" } } }
}

fn config(report: &Report, provenance: &Provenance) -> Markup {
    html! {
        dl {
            @if let Some(TestConfig { options, stopped, .. }) = &report.config {
                dt { "options" } dd { code { "-w " (report.workload) " " (arguments(options)) } }
                dt { "seed" } dd { code { (options.seed) } }
                @if let Some(stopped) = stopped {
                    dt { "stopped" } dd { "after " (time(*stopped)) " of " (time(options.time_limit)) }
                }
            }
            @if let Some(command) = &provenance.command {
                dt { "again" } dd { code.command { (command) } }
            }
        }
    }
}

/// The flags of the options that differ from the defaults, without the seed, and the options that have no flag.
fn arguments(options: &Options) -> String {
    let mut arguments = flags::words(&options.clone().seed(0).log_send(false).log_receive(false));
    if options.loss > 0.0 {
        arguments.push(format!("(loss: {})", options.loss));
    }
    arguments.join(" ")
}

/// The figures.
pub(super) fn statistics(report: &Report) -> Markup {
    let stats = &report.judgement.stats;
    html! {
        section #statistics {
            h2 { "Statistics" }
            div.tables {
                table.figures {
                    tr {
                        th scope="col" { "operation" } th scope="col" { "ended" } th scope="col" { "ok" }
                        th scope="col" { "fail" } th scope="col" { "info" } th scope="col" { "verdict" }
                    }
                    @for (f, function) in stats.by_f.iter() {
                        (row(f, function.counts, function.valid))
                    }
                    (row("all", stats.all, stats.valid))
                }
                @if report.config.is_some() || report.net.all.send_count > 0 {
                    (network(report))
                }
                @if let Some(latencies) = report.latencies() {
                    table.figures {
                        tr {
                            th scope="col" { "latency" } th scope="col" { "minimum" } th scope="col" { "median" }
                            th scope="col" { "95 %" } th scope="col" { "99 %" } th scope="col" { "maximum" }
                        }
                        tr { th scope="row" { "operations" } @for latency in latencies { td { (time(latency)) } } }
                    }
                }
            }
            (exceptions(report))
        }
    }
}

fn row(name: &str, counts: stats::Counts, valid: Validity) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td { (counts.count) } td { (counts.ok_count) } td { (counts.fail_count) } td { (counts.info_count) }
            td {
                @if name == CRASH && counts.ok_count == 0 {
                    span.badge.aside title="it ends a client, so it never succeeds" { "by design" }
                } @else {
                    (badge(valid))
                }
            }
        }
    }
}

fn network(report: &Report) -> Markup {
    let row = |name: &str, traffic: Traffic, per_operation: Option<f64>| {
        html! {
            tr {
                th scope="row" { (name) } td { (traffic.send_count) } td { (traffic.recv_count) }
                td { @if let Some(count) = per_operation { (significant(count)) } }
            }
        }
    };
    html! {
        table.figures {
            tr {
                th scope="col" { "messages" } th scope="col" { "sent" } th scope="col" { "received" }
                th scope="col" { "msgs/op" }
            }
            (row("servers", report.net.servers, report.server_messages_per_operation()))
            (row("clients", report.net.clients, None))
            (row("all", report.net.all, None))
        }
    }
}

/// Replies that clients could not decode, and protocol violations of nodes.
fn exceptions(report: &Report) -> Markup {
    html! {
        @if let Some(failure) = &report.failure {
            pre.violation { (failure) }
        }
        @for cause in report.violations.causes() {
            pre.violation { (cause.count) " x " (cause.kind) ": " (cause.examples[0]) }
        }
        @if !report.judgement.exceptions.exceptions.is_empty() {
            h3 { "Exceptions" }
            table.figures {
                tr { th scope="col" { "count" } th scope="col" { "first" } th scope="col" { "exception" } }
                @for exception in &report.judgement.exceptions.exceptions {
                    tr {
                        td { (exception.count) }
                        td { a href=(format!("#timeline={}", exception.example.index)) { "entry " (exception.example.index) } }
                        td.text { (shorten(&exception.text, EXCEPTION)) }
                    }
                }
            }
        }
    }
}

/// The most bytes of results that a page has.
const RESULTS: usize = 200_000;

/// The results, as in `results.json`. Long lists are cut if they are too much for a page.
pub(super) fn results(report: &Report) -> Markup {
    let all = report.results();
    let text = format!("{all:#}");
    let is_cut = text.len() > RESULTS;
    let text = if is_cut { format!("{:#}", shortened(&all)) } else { text };
    html! {
        section #results {
            h2 { "Results" }
            @if is_cut { p.hint { "Long lists are cut; results.json has them whole." } }
            details { summary { "results as JSON" } pre tabindex="0" { (shorten(&text, RESULTS)) } }
        }
    }
}
