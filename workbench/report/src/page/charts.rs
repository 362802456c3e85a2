//! Charts over time, drawn by `plotters`: latency and rate (jepsen: `checker/perf.clj`), the convergence of sets and the
//! lag of polls.
//!
//! The files hold the colours of light pages; `chart.css` replaces them on dark ones. Each series has a mark of its own.

mod convergence;
mod frame;
mod group;
mod lag;
mod latency;
mod mark;
mod quantiles;
mod rate;

use crate::page::{
    challenge::Threshold,
    charts::{frame::Frame, group::groups},
};
use glomers_checkers::{
    checker::{kafka::Kafka, set_full::SetFull},
    history::faults::Period,
};
use glomers_workbench::Report;
use std::time::Duration;

const STYLE: &str = include_str!("chart.css");

/// All charts of a run, each with the name of its file.
pub(super) fn all(report: &Report, faults: &[Period], thresholds: &[Threshold]) -> Vec<(&'static str, String)> {
    let history = &report.history;
    let operations = history.operations();
    let end = history.ops().iter().map(|op| op.time).fold(Duration::from_secs(1), Duration::max);
    let frame = Frame { faults, end };
    let groups = groups(&operations, end);
    let results = &report.judgement.verdict;
    let convergence = results.results::<SetFull>().and_then(|_| convergence::draw(&operations, thresholds));
    // A long run has millions.
    drop(operations);
    let lag = results.results::<Kafka>().and_then(|_| lag::draw(&frame, history));
    let charts = [
        ("convergence.svg", convergence),
        ("lag.svg", lag),
        ("latency.svg", Some(latency::draw(&frame, &groups))),
        ("quantiles.svg", Some(quantiles::draw(&frame, &groups))),
        ("rate.svg", Some(rate::draw(&frame, &groups))),
    ];
    charts.into_iter().filter_map(|(name, svg)| Some((name, with_style(&svg?)))).collect()
}

/// The chart with its style sheet.
fn with_style(svg: &str) -> String {
    svg.replacen(">\n", &format!("><style>{STYLE}</style>\n"), 1)
}
