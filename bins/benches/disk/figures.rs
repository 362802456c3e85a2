//! Operations a second and latencies.

use std::time::Duration;

/// The figures of one run.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    /// The median time of an operation, in milliseconds.
    pub(crate) latency: f64,
}

impl Figures {
    /// The figures of operations that took these times, and all of them this one.
    pub(crate) fn of(mut times: Vec<Duration>, all: Duration) -> Self {
        times.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52")]
        Self { per_second: times.len() as f64 / all.as_secs_f64(), latency: times[times.len() / 2].as_secs_f64() * 1e3 }
    }

    /// The medians of several runs.
    pub(crate) fn median(runs: &[Self]) -> Self {
        Self {
            per_second: median(runs.iter().map(|run| run.per_second)),
            latency: median(runs.iter().map(|run| run.latency)),
        }
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
