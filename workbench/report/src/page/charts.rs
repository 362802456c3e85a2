//! Charts of latency and rate (jepsen: `checker/perf.clj`), drawn by `plotters`.
//!
//! The files hold the colours of light pages; `chart.css` replaces them on dark ones. Points that would cover each
//! other are drawn once, which bounds the size of a chart.

mod frame;
mod group;
mod latency;
mod quantiles;
mod rate;

use crate::page::charts::frame::Frame;
use glomers_checkers::history::{History, faults::Period};
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

/// The chart with its style sheet.
fn with_style(svg: &str) -> String {
    svg.replacen("<svg ", "<svg class=\"chart\" role=\"img\" ", 1).replacen(
        ">\n",
        &format!("><style>{STYLE}</style>\n"),
        1,
    )
}
