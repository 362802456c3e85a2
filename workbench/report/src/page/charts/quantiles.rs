//! Quantiles of latency over time, a panel for each operation and outcome.

use crate::page::charts::{
    frame::{Frame, LEAST, TEXT, line, text},
    group::Group,
    mark::Mark,
};
use glomers_checkers::checker::set_full;
use plotters::{element::Text, series::LineSeries, style::RGBColor};
use std::time::Duration;

/// The quantiles that are drawn, by their place among those that are computed.
const DRAWN: [(usize, &str, Mark, RGBColor); 4] = [
    (1, "median", Mark::Circle, RGBColor(0x2f, 0x81, 0xf7)),
    (2, "95 %", Mark::Cross, RGBColor(0x2e, 0xa0, 0x43)),
    (3, "99 %", Mark::Triangle, RGBColor(0xb3, 0x62, 0x00)),
    (4, "maximum", Mark::Square, RGBColor(0xd6, 0x33, 0x6c)),
];

const PANEL: u32 = 170;

/// The number of parts of the run.
const PARTS: u32 = 40;

pub(super) fn draw(frame: &Frame<'_>, groups: &[Group<'_>]) -> String {
    let legend = DRAWN.map(|(_, name, mark, colour)| (mark.sign(), name.to_owned(), colour));
    let greatest = groups.iter().flat_map(|group| &group.points).map(|(_, took)| *took).fold(0.0, f64::max);
    let count = groups.len().max(1);
    let height = 8 + PANEL * u32::try_from(count).unwrap_or(1);
    frame.chart("Quantiles of latency", height, &legend, |area| {
        for (panel, group) in area.split_evenly((count, 1)).iter().zip(groups) {
            let mut chart = frame.latencies(panel, greatest);
            let parts = parts(group, frame.end);
            // A line ends where no operation began for a while.
            let gap = 1.5 * frame.end.as_secs_f64() / f64::from(PARTS);
            let rows = parts.chunk_by(|(one, _), (next, _)| next - one < gap);
            for (row, (place, _, mark, colour)) in rows.flat_map(|row| DRAWN.map(|drawn| (row, drawn))) {
                let points = row.iter().map(|(middle, quantiles)| (*middle, millis(quantiles[place]).max(LEAST)));
                let _ = chart.draw_series(LineSeries::new(points.clone(), line(colour)));
                points.for_each(|point| mark.draw(chart.plotting_area(), point, colour));
            }
            let _ = panel.draw(&Text::new(group.label(), (90, 2), text(TEXT)));
        }
    })
}

/// The quantiles of each part of the run in which an operation began, with the middle of the part.
fn parts(group: &Group<'_>, end: Duration) -> Vec<(f64, [Duration; 5])> {
    let width = end.as_secs_f64() / f64::from(PARTS);
    // Those of a test are in the order of their begins, so a part of them is looked at once.
    let is_sorted = group.points.is_sorted_by_key(|(begun, _)| *begun);
    let part = |part: u32| {
        let (from, to) = (f64::from(part) * width, f64::from(part + 1) * width);
        let is_last = part + 1 == PARTS;
        let within = |(begun, _): &&(f64, f64)| *begun >= from && (*begun < to || is_last);
        let mut points = &group.points[..];
        if is_sorted {
            points = &points[points.partition_point(|(begun, _)| *begun < from)..];
            points = &points[..points.partition_point(|(begun, _)| *begun < to || is_last)];
        }
        let took = points.iter().filter(within).map(|(_, took)| Duration::from_secs_f64(took / 1e3));
        Some((f64::midpoint(from, to), set_full::quantiles(took.collect())?))
    };
    (0..PARTS).filter_map(part).collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
