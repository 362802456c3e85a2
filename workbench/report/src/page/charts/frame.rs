//! The parts that all charts share: axes, shaded faults, legend.

use glomers_checkers::{
    history::faults::Period,
    text::{significant, time},
};
use plotters::{
    backend::SVGBackend,
    chart::{ChartBuilder, ChartContext},
    coord::{
        Shift,
        cartesian::Cartesian2d,
        combinators::{IntoLogRange, LogCoord},
        types::RangedCoordf64,
    },
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Rectangle, Text},
    style::{Color, IntoFont, RGBColor, ShapeStyle, TRANSPARENT, TextStyle},
};
use std::time::Duration;

/// The colour of text; `chart.css` replaces it.
const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// The colour of the grid; `chart.css` replaces it.
const GRID: RGBColor = RGBColor(0xd8, 0xde, 0xe4);
/// Not red, which is the colour of failed operations.
const FAULT: RGBColor = RGBColor(0x6e, 0x77, 0x81);

/// The width of all charts. `chart.css` lets them shrink to three quarters of it, so text has at least 12 pixels.
const WIDTH: u32 = 1340;

/// The height of a row of the legend. The title is in the first one.
const ROW: i32 = 26;

/// The size of the text of axes and legends: of 20, `plotters` makes 16 pixels.
pub(super) const TEXT: u32 = 20;

/// The smallest latency that is drawn above zero, in milliseconds.
pub(super) const LEAST: f64 = 0.1;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// The mark of a line in the legend.
pub(super) const LINE: char = '\u{2501}';

pub(super) type Seconds = RangedCoordf64;

/// The length of the run and the periods of faults, which every chart shows.
pub(super) struct Frame<'a> {
    pub(super) faults: &'a [Period],
    pub(super) end: Duration,
}

impl Frame<'_> {
    /// A chart with a title and a legend, filled by `draw`, which has this height.
    pub(super) fn chart(
        &self,
        title: &str,
        height: u32,
        legend: &[(char, String, RGBColor)],
        draw: impl FnOnce(&Area<'_>),
    ) -> String {
        let mut svg = String::new();
        let places = places(title, legend);
        let head = ROW * (1 + places.last().map_or(0, |(_, row)| *row));
        {
            let whole = (WIDTH, height + u32::try_from(head).unwrap_or_default());
            let root = SVGBackend::with_string(&mut svg, whole).into_drawing_area();
            let _ = root.draw(&Text::new(title.to_owned(), (8, 6), text(22)));
            for ((mark, label, colour), (left, row)) in legend.iter().zip(places) {
                let mark =
                    Text::new(mark.to_string(), (left, ROW * row + 7), ("sans-serif", TEXT).into_font().color(colour));
                let _ = root.draw(&mark);
                let _ = root.draw(&Text::new(label.clone(), (left + 18, ROW * row + 7), text(TEXT)));
            }
            draw(&root.margin(head, 0, 0, 0));
            let _ = root.present();
        }
        svg.replacen("<svg ", &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{title}\" "), 1)
    }

    /// A chart of latencies up to `greatest` milliseconds over time.
    pub(super) fn latencies<'a>(
        &self,
        area: &Area<'a>,
        greatest: f64,
    ) -> ChartContext<'a, SVGBackend<'a>, Cartesian2d<Seconds, LogCoord<f64>>> {
        let top = 10_f64.powf(greatest.max(LEAST * 10.0).log10().ceil());
        let mut chart = ChartBuilder::on(area)
            .margin_top(20)
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(90)
            .build_cartesian_2d(0.0..self.end.as_secs_f64(), (LEAST..top).log_scale())
            .expect("an area of a fixed size");
        self.shade(&mut chart, LEAST, top);
        let label = |millis: &f64| {
            let least = if *millis <= LEAST { "\u{2264} " } else { "" };
            format!("{least}{}", time(Duration::from_secs_f64(millis / 1e3)))
        };
        let _ = (chart.configure_mesh())
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(text(TEXT))
            .y_labels(8)
            .y_label_formatter(&label)
            .x_label_formatter(&seconds)
            .draw();
        chart
    }

    /// A chart of operations a second over time.
    pub(super) fn rates<'a>(
        &self,
        area: &Area<'a>,
        greatest: f64,
    ) -> ChartContext<'a, SVGBackend<'a>, Cartesian2d<Seconds, RangedCoordf64>> {
        let top = greatest.max(1.0) * 1.05;
        let mut chart = ChartBuilder::on(area)
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(90)
            .build_cartesian_2d(0.0..self.end.as_secs_f64(), 0.0..top)
            .expect("an area of a fixed size");
        self.shade(&mut chart, 0.0, top);
        let _ = (chart.configure_mesh())
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(text(TEXT))
            .y_labels(8)
            .y_label_formatter(&|rate: &f64| format!("{} /s", significant(*rate)))
            .x_label_formatter(&seconds)
            .draw();
        chart
    }

    /// A chart of percentages over the time since something.
    pub(super) fn shares<'a>(
        &self,
        area: &Area<'a>,
    ) -> ChartContext<'a, SVGBackend<'a>, Cartesian2d<Seconds, RangedCoordf64>> {
        let mut chart = ChartBuilder::on(area)
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(90)
            .build_cartesian_2d(0.0..self.end.as_secs_f64(), 0.0..105.0)
            .expect("an area of a fixed size");
        let _ = (chart.configure_mesh())
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .label_style(text(TEXT))
            .y_labels(6)
            .y_label_formatter(&|share: &f64| format!("{share:.0} %"))
            .x_label_formatter(&|seconds: &f64| time(Duration::from_secs_f64(seconds.max(0.0))))
            .draw();
        chart
    }

    fn shade<'a, Y>(&self, chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<Seconds, Y>>, bottom: f64, top: f64)
    where
        Y: plotters::coord::ranged1d::Ranged<ValueType = f64>,
    {
        let shape = |period: &Period| {
            let end = period.end.unwrap_or(self.end);
            let corners = [(period.begin.as_secs_f64(), bottom), (end.as_secs_f64(), top)];
            Rectangle::new(corners, FAULT.mix(0.18).filled())
        };
        for period in self.faults {
            let _ = chart.plotting_area().draw(&shape(period));
        }
    }
}

/// A line of this colour.
pub(super) fn line(colour: RGBColor) -> ShapeStyle {
    colour.stroke_width(2)
}

pub(super) fn text(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// The left end and the row of each entry of a legend, behind the title or below it.
fn places(title: &str, legend: &[(char, String, RGBColor)]) -> Vec<(i32, i32)> {
    let right = i32::try_from(WIDTH).unwrap_or_default() - 16;
    let (mut left, mut row) = (40 + width(title, 22), 0);
    let mut places = Vec::new();
    for (_, label, _) in legend {
        let wide = 42 + width(label, 20);
        if left + wide > right {
            (left, row) = (8, row + 1);
        }
        places.push((left, row));
        left += wide;
    }
    places
}

/// The approximate width of a text.
fn width(text: &str, size: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * size * 9 / 20
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "plotters asks for it")]
fn seconds(seconds: &f64) -> String {
    format!("{} s", significant(*seconds))
}
