//! The top of the page: the verdict with its reasons, the command that repeats the run, and the figures.

use glomers_checkers::text::{shorten, significant, time};
use glomers_checkers::{checker::stats, finding::NO_VERDICT, validity::Validity};
use glomers_workbench::{
    Report, TestConfig, Traffic,
    options::{Options, flags},
};
use maud::{Markup, html};

/// The most bytes shown of an exception.
const EXCEPTION: usize = 1000;

/// The title, the verdict and its parts.
pub(super) fn head(report: &Report, command: Option<&str>) -> Markup {
    let counts = report.judgement.stats.all;
    html! {
        header {
            h1 { (report.workload) " " (badge(report.valid())) }
            p { (counts.ok_count) " of " (counts.count) " operations ok" @if let Some([_, median, .., most]) = report.latencies() {
                ", median " (time(median)) ", maximum " (time(most))
            } "." }
            table.facts {
                @for (part, valid, why) in parts(report) {
                    tr { th { (part) } td { (badge(valid)) } td { (why) } }
                }
            }
            (config(report, command))
            nav {
                a href="#findings" { "Findings" }
                a href="#statistics" { "Statistics" }
                a href="#charts" { "Latency" }
                a href="#timeline" { "Operations" }
                a href="#messages" { "Messages" }
                a href="#results" { "Results" }
            }
        }
    }
}

/// Each verdict with its reason.
fn parts(report: &Report) -> Vec<(&'static str, Validity, String)> {
    let judgement = &report.judgement;
    let never = judgement.stats.by_f.iter().filter(|(_, function)| function.valid != Validity::Valid);
    let never: Vec<_> = never.map(|(f, _)| &**f).collect();
    let stats = match judgement.stats.valid {
        Validity::Valid => "every kind of operation succeeded at least once".to_owned(),
        _ => format!("never succeeded: {}", never.join(", ")),
    };
    let role = if judgement.strict { "counts under --strict" } else { "counts only under --strict" };
    let strict_findings: Vec<_> =
        judgement.strict_findings.counts.iter().map(|(kind, count)| format!("{count} \u{d7} {kind}")).collect();
    let strict_findings =
        if strict_findings.is_empty() { "nothing found".to_owned() } else { strict_findings.join(", ") };
    let mut parts = vec![
        ("workload", judgement.verdict.valid, workload(report)),
        ("operations", judgement.stats.valid, stats),
        ("availability", judgement.availability.valid, availability(report)),
        ("strict", judgement.strict_findings.valid, format!("{strict_findings} ({role})")),
    ];
    if let Some(liveness) = &judgement.liveness {
        let silent: Vec<_> = liveness.silent.keys().map(String::as_str).collect();
        let why = if silent.is_empty() {
            "every node served again".to_owned()
        } else {
            format!("silent: {}", silent.join(", "))
        };
        parts.push(("liveness", liveness.valid, why));
    }
    parts
}

/// The reason for the verdict of the workload's checker, in short.
fn workload(report: &Report) -> String {
    let verdict = &report.judgement.verdict;
    if verdict.valid == Validity::Valid {
        return "all guarantees hold".to_owned();
    }
    let kinds: Vec<_> = verdict.fault_kinds().into_iter().filter(|kind| *kind != NO_VERDICT).collect();
    let reason = verdict.findings.iter().find(|finding| finding.kind == NO_VERDICT);
    match reason.filter(|_| kinds.is_empty()) {
        Some(reason) => reason.explanation.clone(),
        None => kinds.join(", "),
    }
}

fn availability(report: &Report) -> String {
    let succeeded = format!("{} % succeeded", significant(report.judgement.availability.ok_fraction * 100.0));
    let goal = report.config.as_ref().and_then(|config| config.options.availability);
    match goal {
        Some(goal) => format!("{succeeded}; required: {goal}"),
        None => succeeded,
    }
}

fn config(report: &Report, command: Option<&str>) -> Markup {
    html! {
        dl {
            @if let Some(TestConfig { options, stopped, .. }) = &report.config {
                dt { "options" } dd { code { "-w " (report.workload) " " (arguments(options)) } }
                dt { "seed" } dd { code { (options.seed) } }
                @if let Some(stopped) = stopped {
                    dt { "stopped" } dd { "after " (time(*stopped)) " of " (time(options.time_limit)) }
                }
            }
            @if let Some(command) = command {
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
                    tr { th { "operation" } th { "ended" } th { "ok" } th { "fail" } th { "info" } th {} }
                    @for (f, function) in &stats.by_f {
                        (row(f, function.counts, function.valid))
                    }
                    (row("all", stats.all, stats.valid))
                }
                @if report.config.is_some() || report.net.all.send_count > 0 {
                    (network(report))
                }
                @if let Some(latencies) = report.latencies() {
                    table.figures {
                        tr { th { "latency" } th { "minimum" } th { "median" } th { "95 %" } th { "99 %" } th { "maximum" } }
                        tr { th { "all" } @for latency in latencies { td { (time(latency)) } } }
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
            th { (name) }
            td { (counts.count) } td { (counts.ok_count) } td { (counts.fail_count) } td { (counts.info_count) }
            td { (badge(valid)) }
        }
    }
}

fn network(report: &Report) -> Markup {
    let row = |name: &str, traffic: Traffic, per_operation: Option<f64>| {
        html! {
            tr {
                th { (name) } td { (traffic.send_count) } td { (traffic.recv_count) }
                td { @if let Some(count) = per_operation { (significant(count)) } }
            }
        }
    };
    html! {
        table.figures {
            tr { th { "messages" } th { "sent" } th { "received" } th { "msgs/op" } }
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
                tr { th { "count" } th { "first" } th { "exception" } }
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

/// The results, as in `results.json`.
pub(super) fn results(report: &Report) -> Markup {
    html! {
        section #results {
            h2 { "Results" }
            details { summary { "all results as JSON" } pre { (format!("{:#}", report.results())) } }
        }
    }
}

pub(super) fn badge(valid: Validity) -> Markup {
    let name = valid.to_string();
    html! { span.badge.(name) { (name) } }
}
