//! The Gossip Glomers challenges with the options of a run: the thresholds, and the values that were reached.

use super::badge::badge;
use glomers_checkers::{checker::set_full::SetFull, text::significant, validity::Validity};
use glomers_workbench::{
    Report,
    challenge::{Challenge, Thresholds, challenges},
    options::Options,
};
use maud::{Markup, html};
use std::time::Duration;

/// A latency threshold of a challenge: its name and the time.
pub(super) type Threshold = (String, Duration);

/// A requirement of a challenge.
struct Goal {
    name: &'static str,
    required: String,
    reached: String,
    is_reached: bool,
}

/// The challenges that a run took part in.
pub(super) fn section(report: &Report) -> Markup {
    let all = taken(report);
    let names: Vec<_> = all.iter().map(|challenge| challenge.name).collect();
    html! {
        @if let [challenge] = &all[..] {
            p { "Challenge " (challenge.name) ", " (challenge.title) ": " (asked(challenge)) }
        } @else if !all.is_empty() {
            p { "Challenges " (names.join(" and ")) " have these options." }
        }
        @for challenge in &all {
            @if let Some(thresholds) = challenge.thresholds {
                (table(challenge, &goals(report, thresholds)))
            }
        }
    }
}

/// The latency thresholds of those challenges, by name.
pub(super) fn thresholds(report: &Report) -> Vec<Threshold> {
    let of = |challenge: Challenge| {
        let Thresholds { median, maximum, .. } = challenge.thresholds?;
        let name = |what, time| (format!("{}: {what} below {}", challenge.name, millis(time)), time);
        Some([name("median", median), name("maximum", maximum)])
    };
    taken(report).into_iter().filter_map(of).flatten().collect()
}

/// The challenges with the same options. Seeds, logs and strictness do not matter.
fn taken(report: &Report) -> Vec<Challenge> {
    let Some(config) = &report.config else { return Vec::new() };
    let own = Options::default();
    let relevant = |options: &Options| {
        let options = options.clone().seed(own.seed).journal(own.journal).strict(own.strict).budget(own.budget);
        options.log_send(own.log_send).log_receive(own.log_receive).liveness(own.liveness)
    };
    let run = relevant(&config.options);
    let is_taken = |challenge: &Challenge| challenge.workload == report.workload && relevant(&challenge.options) == run;
    challenges().into_iter().filter(is_taken).collect()
}

fn asked(challenge: &Challenge) -> &'static str {
    match challenge.thresholds {
        None => "it asks for a valid run.",
        Some(_) => "it asks for a valid run within these thresholds.",
    }
}

fn goals(report: &Report, thresholds: Thresholds) -> Vec<Goal> {
    let messages = report.server_messages_per_operation();
    let stable = report.judgement.verdict.results().and_then(SetFull::median_and_maximum);
    let latency = |name, reached: Option<Duration>, threshold: Duration| Goal {
        name,
        required: format!("less than {}", millis(threshold)),
        reached: reached.map_or_else(|| "nothing to measure".to_owned(), millis),
        is_reached: reached.is_some_and(|reached| reached < threshold),
    };
    vec![
        Goal {
            name: "messages between servers per operation",
            required: format!("less than {}", significant(thresholds.messages_per_operation)),
            reached: messages.map_or_else(|| "nothing to measure".to_owned(), significant),
            is_reached: messages.is_none_or(|messages| messages < thresholds.messages_per_operation),
        },
        latency("median time until every node shows a value", stable.map(|(median, _)| median), thresholds.median),
        latency("maximum of that time", stable.map(|(_, maximum)| maximum), thresholds.maximum),
    ]
}

fn table(challenge: &Challenge, goals: &[Goal]) -> Markup {
    html! {
        table.figures.goals {
            caption { "Challenge " (challenge.name) ", " (challenge.title) }
            tr { th scope="col" { "threshold" } th scope="col" { "required" } th scope="col" { "reached" } th scope="col" { "verdict" } }
            @for Goal { name, required, reached, is_reached } in goals {
                tr {
                    th scope="row" { (name) } td { (required) } td { (reached) }
                    td { (badge(Validity::from_valid(*is_reached))) }
                }
            }
        }
    }
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
