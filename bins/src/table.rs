//! The table of results, one row per challenge.

use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use glomers_workbench::{Report, Validity, challenge::Challenge, checker::set_full::SetFull};
use std::time::Duration;

/// A challenge that has been run.
pub(crate) struct Row {
    pub(crate) challenge: Challenge,
    pub(crate) report: Report,
    /// The verdict of the workbench or the Maelstrom that ran it.
    pub(crate) valid: Validity,
    /// The challenge's thresholds that it missed, in words.
    pub(crate) failures: Vec<String>,
    /// The time that the run took.
    pub(crate) wall: Duration,
}

impl Row {
    /// The verdict on the challenge: the run must be valid and within the thresholds.
    pub(crate) fn passed(&self) -> Validity {
        self.valid.max(Validity::from_valid(self.failures.is_empty()))
    }
}

const HEADER: [&str; 10] =
    ["#", "challenge", "verdict", "begun", "due", "available", "msgs/op", "median", "maximum", "wall"];

/// The results as a table. `begun` and `due` are operations before the time limit. `msgs/op` counts messages between
/// servers. Median and maximum are operation latency; for broadcast, as in the challenges, the time until every node
/// shows the value.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_header(HEADER);
    for row in rows {
        let report = &row.report;
        let (median, maximum) = latencies(report);
        table.add_row([
            row.challenge.name.to_owned(),
            row.challenge.title.to_owned(),
            row.passed().to_string(),
            report.load.map_or(report.judgement.stats.all.count, |load| load.begun).to_string(),
            report.load.map_or_else(String::new, |load| load.due.to_string()),
            format!("{:.2} %", report.judgement.availability.ok_fraction * 100.0),
            report.server_messages_per_operation().map_or_else(String::new, |average| format!("{average:.2}")),
            milliseconds(median),
            milliseconds(maximum),
            milliseconds(row.wall),
        ]);
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

/// The median and the largest latency.
fn latencies(report: &Report) -> (Duration, Duration) {
    if let Some(stable) = report.judgement.verdict.results().and_then(SetFull::median_and_maximum) {
        return stable;
    }
    let [_, median, _, _, maximum] = report.latencies().unwrap_or_default();
    (median, maximum)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1e3)
}
