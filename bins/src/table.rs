//! The table of results, one row per challenge.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use glomers_workbench::{
    Report, Validity,
    challenge::{Challenge, Measure},
    checker::set_full::SetFull,
    text::significant,
};
use std::time::Duration;

/// A challenge that has been run.
pub(crate) struct Row {
    pub(crate) challenge: Challenge,
    pub(crate) report: Report,
    /// The verdict of the workbench or the Maelstrom that ran it.
    pub(crate) valid: Validity,
    /// The challenge's thresholds that it missed.
    pub(crate) failures: Vec<Measure>,
}

impl Row {
    /// The verdict on the challenge: the run must be valid and within the thresholds.
    pub(crate) fn passed(&self) -> Validity {
        self.valid.max(Validity::from_valid(self.failures.is_empty()))
    }
}

const HEADER: [&str; 8] = ["#", "challenge", "verdict", "ops", "ok %", "msgs/op", "median", "maximum"];

/// The space between two columns.
const GAP: (u16, u16) = (0, 2);

/// The results as a table of at most 80 columns, and below it the thresholds of challenges that have some. `ops` are the
/// operations begun; where fewer began than were due, both numbers are shown. `msgs/op` counts messages between servers.
/// Median and maximum are operation latency; for broadcast, as in the challenges, the time until every node shows a value.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(HEADER);
    for row in rows {
        let report = &row.report;
        let (median, maximum) = latencies(report);
        table.add_row([
            row.challenge.name.to_owned(),
            row.challenge.title.to_owned(),
            row.passed().to_string(),
            operations(report),
            format!("{:.2}", report.judgement.availability.ok_fraction * 100.0),
            report.server_messages_per_operation().map_or_else(String::new, |average| format!("{average:.2}")),
            milliseconds(median),
            milliseconds(maximum),
        ]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding(GAP);
        if index > 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let thresholds = rows.iter().filter_map(thresholds).map(|line| format!("\n{line}")).collect::<String>();
    format!("{}{}{thresholds}", table.trim_fmt(), if thresholds.is_empty() { "" } else { "\n" })
}

/// The operations begun, and those due if they are more.
fn operations(report: &Report) -> String {
    match report.load {
        Some(load) if load.begun < load.due => format!("{}/{}", load.begun, load.due),
        Some(load) => load.begun.to_string(),
        None => report.judgement.stats.all.count.to_string(),
    }
}

/// The figures of a challenge beside its thresholds: `3d  msgs/op 1.14 < 30, ...`.
fn thresholds(row: &Row) -> Option<String> {
    let measures = row.challenge.measures(&row.report);
    let measure = |measure: &Measure| {
        let Measure { name, unit, value, threshold, .. } = measure;
        let relation = if measure.is_met() { "<" } else { "not <" };
        format!("{name} {} {relation} {threshold}{unit}", significant(*value))
    };
    let shown: Vec<_> = measures.iter().map(measure).collect();
    (!shown.is_empty()).then(|| {
        format!(
            "{}  {}",
            row.challenge.name,
            shown.join(", ").replace(" latency", "").replace("messages an operation", "msgs/op")
        )
    })
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
