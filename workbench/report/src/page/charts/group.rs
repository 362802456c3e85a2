//! Operations grouped by name and outcome, the series of every chart.

use glomers_checkers::{
    history::{Kind, Operation},
    text::shorten,
};
use plotters::style::RGBColor;

/// The operations of one name and outcome.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// For each, its begin in seconds and its latency in milliseconds.
    pub(super) points: Vec<(f64, f64)>,
    /// The end of each, in seconds.
    pub(super) ends: Vec<f64>,
}

impl Group<'_> {
    pub(super) fn label(&self) -> String {
        format!("{} {}", shorten(self.name, 40), kind_name(self.kind))
    }
}

/// The completed operations by name and outcome.
pub(super) fn groups<'a>(operations: &[Operation<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for Operation { invocation, completion } in operations {
        let Some(completion) = completion else { continue };
        let place = groups.iter().position(|group| invocation.f == group.name && group.kind == completion.kind);
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

/// The colour of an outcome, as in the timeline.
pub(super) fn kind_colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::Ok => RGBColor(0x2f, 0x81, 0xf7),
        Kind::Info => RGBColor(0xb3, 0x62, 0x00),
        Kind::Fail | Kind::Invoke => RGBColor(0xd6, 0x33, 0x6c),
    }
}
