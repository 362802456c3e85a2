//! When the nemesis was at work.

use crate::history::{History, Op, Process};
use std::time::Duration;

/// From a fault to its end; `None` if the history ends before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Period {
    pub(super) begin: Duration,
    pub(super) end: Option<Duration>,
    /// What kind it was.
    pub(super) name: String,
}

/// The periods in order; what begins during one belongs to it.
pub(super) fn periods(history: &History) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        let stops = op.f.starts_with("stop");
        match periods.last_mut() {
            Some(period) if period.end.is_none() => period.end = stops.then_some(op.time),
            _ if stops => {}
            _ => periods.push(Period { begin: op.time, end: None, name: name(op) }),
        }
    }
    periods
}

/// Such as `partition: majority`.
fn name(op: &Op) -> String {
    let fault = op.f.trim_start_matches("start-");
    op.value.to::<String>().map_or_else(|_| fault.to_owned(), |kind| format!("{fault}: {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Kind;
    use glomers_protocol::Any;

    #[test]
    fn a_period_goes_from_the_first_start_to_the_first_stop() {
        let op = |time, f: &'static str, value: Any| Op {
            index: 0,
            time: Duration::from_secs(time),
            kind: Kind::Info,
            process: Process::Nemesis,
            f: f.into(),
            value,
            error: None,
            extra: Vec::new(),
        };
        let history: History = [
            op(0, "stop-partition", Any::null()),
            op(1, "start-partition", Any::from("one")),
            op(2, "start-partition", Any::null()),
            op(3, "stop-partition", Any::null()),
            op(4, "stop-partition", Any::null()),
            op(5, "start-partition", Any::null()),
        ]
        .into_iter()
        .collect();
        let period = |begin, end: Option<u64>, name: &str| Period {
            begin: Duration::from_secs(begin),
            end: end.map(Duration::from_secs),
            name: name.to_owned(),
        };
        assert_eq!(periods(&history), [period(1, Some(3), "partition: one"), period(5, None, "partition")]);
    }
}
