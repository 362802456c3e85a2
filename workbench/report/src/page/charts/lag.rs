//! For how long polls of logs were behind: the time between the moment at which a later message was known to exist and
//! the begin of the poll that did not reach it.

use crate::page::charts::{
    frame::{Frame, LEAST},
    mark::Mark,
};
use glomers_checkers::{checker::kafka, history::History};
use indexmap::IndexSet;
use plotters::style::RGBColor;

const COLOUR: RGBColor = RGBColor(0x8e, 0x5b, 0xd9);

/// The chart; `None` if there was no poll.
pub(super) fn draw(frame: &Frame<'_>, history: &History) -> Option<String> {
    let lags = kafka::lags(history);
    let greatest = lags.iter().map(|lag| lag.lag.as_secs_f64() * 1e3).fold(0.0, f64::max);
    if lags.is_empty() {
        return None;
    }
    let behind = lags.iter().filter(|lag| !lag.lag.is_zero()).count();
    let legend = [(Mark::Circle.sign(), format!("polls, {behind} of {} behind a log", lags.len()), COLOUR)];
    Some(frame.chart("Lag of polls", 260, &legend, |area| {
        let chart = frame.latencies(area, greatest);
        let plot = chart.plotting_area();
        let mut drawn = IndexSet::new();
        for lag in &lags {
            let point = (lag.begun.as_secs_f64(), (lag.lag.as_secs_f64() * 1e3).max(LEAST));
            if drawn.insert(plot.map_coordinate(&point)) {
                Mark::Circle.draw(plot, point, COLOUR);
            }
        }
    }))
}
