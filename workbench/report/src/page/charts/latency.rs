//! The latency of every operation over the time of its begin.

use crate::page::charts::{
    frame::{Frame, LEAST},
    group::{Group, groups, kind_colour},
};
use glomers_checkers::history::Operation;
use plotters::{
    element::{Circle, Cross, TriangleMarker},
    style::Color,
};
use std::collections::BTreeSet;

pub(super) fn draw(frame: &Frame<'_>, operations: &[Operation<'_>]) -> String {
    let groups = groups(operations);
    let legend: Vec<_> =
        groups.iter().map(|group| (mark(&groups, group), group.label(), kind_colour(group.kind))).collect();
    let greatest = groups.iter().flat_map(|group| &group.points).map(|(_, took)| *took).fold(0.0, f64::max);
    frame.chart("Latency of operations", 380, &legend, |area| {
        let chart = frame.latencies(area, greatest);
        let plot = chart.plotting_area();
        for group in &groups {
            let style = kind_colour(group.kind).mix(0.75).filled();
            let mut drawn = BTreeSet::new();
            for (begun, took) in &group.points {
                let point = (*begun, took.max(LEAST));
                if !drawn.insert(plot.map_coordinate(&point)) {
                    continue;
                }
                let _ = match shape(&groups, group) {
                    0 => plot.draw(&Circle::new(point, 2, style)),
                    1 => plot.draw(&Cross::new(point, 3, style)),
                    _ => plot.draw(&TriangleMarker::new(point, 4, style)),
                };
            }
        }
    })
}

/// The number of the mark of a name.
fn shape(groups: &[Group<'_>], group: &Group<'_>) -> usize {
    let mut names: Vec<_> = groups.iter().map(|group| group.name).collect();
    names.dedup();
    names.iter().position(|name| *name == group.name).unwrap_or(0) % 3
}

/// The mark in the legend.
fn mark(groups: &[Group<'_>], group: &Group<'_>) -> char {
    ['\u{25cf}', '\u{d7}', '\u{25b2}'][shape(groups, group)]
}
