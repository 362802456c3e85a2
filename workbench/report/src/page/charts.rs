//! Charts of latency and rate (jepsen: `checker/perf.clj`), drawn by `plotters`.
//!
//! Colours stand in the files as they are for light pages; `chart.css` says what becomes of them on dark ones. Points that
//! would cover each other are drawn once, so the size of a chart has a limit.

mod frame;
mod latency;
mod quantiles;
mod rate;

use frame::Frame;
use glomers_checkers::history::{History, Kind, Operation, faults::Period};
use plotters::style::RGBColor;
use std::time::Duration;

const STYLE: &str = include_str!("chart.css");

/// All charts, each with the name of its file.
pub(super) fn all(history: &History, faults: &[Period]) -> Vec<(&'static str, String)> {
    let operations = history.operations();
    let end = history.ops().iter().map(|op| op.time).fold(Duration::from_secs(1), Duration::max);
    let frame = Frame { faults, end };
    vec![
        ("latency.svg", with_style(&latency::draw(&frame, &operations))),
        ("quantiles.svg", with_style(&quantiles::draw(&frame, &operations))),
        ("rate.svg", with_style(&rate::draw(&frame, &operations))),
    ]
}

/// The chart with its colours.
fn with_style(svg: &str) -> String {
    svg.replacen("<svg ", "<svg class=\"chart\" role=\"img\" ", 1).replacen(
        ">\n",
        &format!("><style>{STYLE}</style>\n"),
        1,
    )
}

/// Operations that have the same name and the same end.
struct Group<'a> {
    name: &'a str,
    kind: Kind,
    /// When each began and how long it took, in seconds and milliseconds.
    points: Vec<(f64, f64)>,
    /// When each ended, in seconds.
    ends: Vec<f64>,
}

impl Group<'_> {
    fn label(&self) -> String {
        format!("{} {}", glomers_checkers::text::shorten(self.name, 40), kind_name(self.kind))
    }
}

/// The operations that have ended, by name and end.
fn groups<'a>(operations: &[Operation<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for Operation { invocation, completion } in operations {
        let Some(completion) = completion else { continue };
        let place = groups.iter().position(|group| group.name == invocation.f && group.kind == completion.kind);
        let place = place.unwrap_or_else(|| {
            groups.push(Group { name: &invocation.f, kind: completion.kind, points: Vec::new(), ends: Vec::new() });
            groups.len() - 1
        });
        let took = completion.time.saturating_sub(invocation.time).as_secs_f64() * 1e3;
        groups[place].points.push((invocation.time.as_secs_f64(), took));
        groups[place].ends.push(completion.time.as_secs_f64());
    }
    groups.sort_by_key(|group| (group.name, kind_rank(group.kind)));
    groups
}

fn kind_rank(kind: Kind) -> u8 {
    match kind {
        Kind::Ok => 0,
        Kind::Info => 1,
        Kind::Fail | Kind::Invoke => 2,
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Ok => "ok",
        Kind::Info => "info",
        Kind::Fail | Kind::Invoke => "fail",
    }
}

/// The colour of an outcome, the same as in the timeline.
fn kind_colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::Ok => RGBColor(0x2f, 0x81, 0xf7),
        Kind::Info => RGBColor(0xd4, 0x82, 0x0a),
        Kind::Fail | Kind::Invoke => RGBColor(0xd6, 0x33, 0x6c),
    }
}
