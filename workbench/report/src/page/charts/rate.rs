//! The operations completed per second, by operation and outcome.

use crate::page::charts::{
    frame::{Frame, line},
    group::{Group, part},
    mark::Mark,
};
use plotters::{series::LineSeries, style::RGBColor};

const COLOURS: [RGBColor; 8] = [
    RGBColor(0x2f, 0x81, 0xf7),
    RGBColor(0x2e, 0xa0, 0x43),
    RGBColor(0xb3, 0x62, 0x00),
    RGBColor(0xd6, 0x33, 0x6c),
    RGBColor(0x8e, 0x5b, 0xd9),
    RGBColor(0x12, 0x9b, 0xa5),
    RGBColor(0x9a, 0x6b, 0x3f),
    RGBColor(0x7d, 0x85, 0x90),
];

/// One point in so many has a mark.
const EVERY: usize = 4;

pub(super) fn draw(frame: &Frame<'_>, groups: &[Group<'_>]) -> String {
    let style = |number: usize| (Mark::of(number), COLOURS[number % COLOURS.len()]);
    let entry = |(number, group): (usize, &Group<'_>)| (style(number).0.sign(), group.label(), style(number).1);
    let legend: Vec<_> = groups.iter().enumerate().map(entry).collect();
    let width = part(frame.end);
    let rates: Vec<Vec<(f64, f64)>> = groups.iter().map(|group| rates(group, width)).collect();
    let greatest = rates.iter().flatten().map(|(_, rate)| *rate).fold(0.0, f64::max);
    frame.chart("Rate of completed operations", 260, &legend, |area| {
        let mut chart = frame.rates(area, greatest);
        for (number, rates) in rates.iter().enumerate() {
            let (mark, colour) = style(number);
            let _ = chart.draw_series(LineSeries::new(rates.iter().copied(), line(colour)));
            // Not all at the same places, where series that are equal would cover each other's.
            let marked = rates.iter().skip(number % EVERY).step_by(EVERY);
            marked.for_each(|point| mark.draw(chart.plotting_area(), *point, colour));
        }
    })
}

/// The rate in each part of the run, with the middle of the part.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn rates(group: &Group<'_>, width: f64) -> Vec<(f64, f64)> {
    let rate = |(part, count): (usize, &u32)| ((part as f64 + 0.5) * width, f64::from(*count) / width);
    group.ended.iter().enumerate().map(rate).collect()
}
