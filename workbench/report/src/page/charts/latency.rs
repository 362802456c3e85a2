//! The latency of every operation over the time of its begin. Points that would cover each other are drawn once, on a
//! grid that is coarse enough for the number of points that a page has.

use crate::page::charts::{
    frame::{Frame, LEAST},
    group::{Group, kind_colour},
    mark::Mark,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// The most points of a chart.
const POINTS: usize = 6000;

/// The cells of the grid in their order, each with the point that is drawn in it.
type Cells = Vec<((i32, i32), (f64, f64))>;

pub(super) fn draw(frame: &Frame<'_>, groups: &[Group<'_>]) -> String {
    let legend: Vec<_> = groups
        .iter()
        .enumerate()
        .map(|(number, group)| (Mark::of(number).sign(), group.label(), kind_colour(group.kind)))
        .collect();
    let greatest = groups.iter().flat_map(|group| &group.points).map(|(_, took)| *took).fold(0.0, f64::max);
    frame.chart("Latency of operations", 350, &legend, |area| {
        let chart = frame.latencies(area, greatest);
        let plot = chart.plotting_area();
        // The cells are as many as the chart has, however many points there are.
        let cells = |group: &Group<'_>| -> Cells {
            let mut cells: IndexMap<_, _, FixedState> = IndexMap::default();
            for (begun, took) in &group.points {
                let point = (*begun, took.max(LEAST));
                cells.insert(plot.map_coordinate(&point), point);
            }
            sorted(cells.into_iter().collect())
        };
        let all: Vec<Cells> = thin(groups.iter().map(cells).collect());
        for (number, (group, cells)) in groups.iter().zip(all).enumerate() {
            for (_, point) in cells {
                Mark::of(number).draw(plot, point, kind_colour(group.kind));
            }
        }
    })
}

/// The cells in their order. Of the points in a cell, the last one is drawn.
fn sorted(mut cells: Cells) -> Cells {
    cells.reverse();
    cells.sort_by_key(|(cell, _)| *cell);
    cells.dedup_by_key(|(cell, _)| *cell);
    cells
}

/// The points on the finest grid on which they are few enough.
fn thin(pixels: Vec<Cells>) -> Vec<Cells> {
    let coarser = |size: i32| -> Vec<Cells> {
        let cell = |((x, y), point): &((i32, i32), (f64, f64))| ((x / size, y / size), *point);
        pixels.iter().map(|cells| sorted(cells.iter().map(cell).collect())).collect()
    };
    let is_small = |cells: &Vec<Cells>| cells.iter().map(Vec::len).sum::<usize>() <= POINTS;
    (1..32).map(coarser).find(is_small).unwrap_or_else(|| coarser(32))
}
