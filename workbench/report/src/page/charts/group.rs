//! Operations grouped by name and outcome, the series of every chart.

use glomers_checkers::{
    history::{Kind, Operation},
    text::shorten,
};
use plotters::style::RGBColor;
use std::time::Duration;

/// The number of parts of the run for which the rate is drawn.
pub(super) const PARTS: usize = 60;

/// The operations of one name and outcome.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// For each, its begin in seconds and its latency in milliseconds.
    pub(super) points: Vec<(f64, f64)>,
    /// The number of those that ended in each part of the run.
    pub(super) ended: [u32; PARTS],
}

impl Group<'_> {
    pub(super) fn label(&self) -> String {
        format!("{} {}", shorten(self.name, 40), kind_name(self.kind))
    }
}

/// The completed operations of a run of this length, by name and outcome.
pub(super) fn groups<'a>(operations: &[Operation<'a>], length: Duration) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let width = part(length);
    for Operation { invocation, completion } in operations {
        let Some(completion) = completion else { continue };
        let place = groups.iter().position(|group| group.kind == completion.kind && invocation.f == group.name);
        let place = place.unwrap_or_else(|| {
            let (name, kind) = (&invocation.f, completion.kind);
            groups.push(Group { name, kind, points: Vec::new(), ended: [0; PARTS] });
            groups.len() - 1
        });
        let group = &mut groups[place];
        let took = completion.time.saturating_sub(invocation.time).as_secs_f64() * 1e3;
        group.points.push((invocation.time.as_secs_f64(), took));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
        let part = (completion.time.as_secs_f64() / width) as usize;
        group.ended[part.min(PARTS - 1)] += 1;
    }
    groups.sort_by_key(|group| (group.name, kind_rank(group.kind)));
    groups
}

/// The length of a part of a run, in seconds.
#[expect(clippy::cast_precision_loss, reason = "a small number")]
pub(super) fn part(length: Duration) -> f64 {
    length.as_secs_f64() / PARTS as f64
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
