//! The periods in which faults were in force, as the history records them.

use crate::history::{
    model::{History, Op},
    process::Process,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use std::time::Duration;

/// From a fault to its end; `None` if the history ends before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Period {
    /// The time of the fault.
    pub begin: Duration,
    /// The time of its end.
    pub end: Option<Duration>,
    /// The name of the fault, with its kind if it has one: `partition: majority`.
    pub name: String,
}

/// The periods by their beginnings. Different faults may overlap; what begins anew while it is in force goes on.
pub fn periods(history: &History) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    let mut open: IndexMap<&str, usize, FixedState> = IndexMap::default();
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        match step(&op.f) {
            (fault, true) if !open.contains_key(fault) => {
                open.insert(fault, periods.len());
                periods.push(Period { begin: op.time, end: None, name: name(fault, op) });
            }
            (_, true) => {}
            (fault, false) => {
                if let Some(period) = open.swap_remove(fault) {
                    periods[period].end = Some(op.time);
                }
            }
        }
    }
    periods
}

/// The fault that an entry of the nemesis is about, and whether it begins.
pub fn step(f: &str) -> (&str, bool) {
    match f {
        "start" => ("kill", false),
        "resume" => ("pause", false),
        _ => match (f.strip_prefix("start-"), f.strip_prefix("stop-")) {
            (Some(fault), _) => (fault, true),
            (_, Some(fault)) => (fault, false),
            _ => (f, f != "stop"),
        },
    }
}

fn name(fault: &str, op: &Op) -> String {
    // A ring's kind is in its name already.
    let kind = op.value.decode::<String>().ok().filter(|_| !fault.contains('-'));
    kind.map_or_else(|| fault.to_owned(), |kind| format!("{fault}: {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Kind;
    use glomers_json::Json;

    fn op(time: u64, f: &'static str, value: Json) -> Op {
        Op::new(Duration::from_secs(time), Process::Nemesis, Kind::Info, f, value)
    }

    fn period(begin: u64, end: Option<u64>, name: &str) -> Period {
        Period { begin: Duration::from_secs(begin), end: end.map(Duration::from_secs), name: name.to_owned() }
    }

    #[test]
    fn a_period_goes_from_the_first_start_to_the_first_stop() {
        let history: History = [
            op(0, "stop-partition", Json::null()),
            op(1, "start-partition", Json::from("one")),
            op(2, "start-partition", Json::null()),
            op(3, "stop-partition", Json::null()),
            op(4, "stop-partition", Json::null()),
            op(5, "start-partition", Json::null()),
        ]
        .into_iter()
        .collect();
        assert_eq!(periods(&history), [period(1, Some(3), "partition: one"), period(5, None, "partition")]);
    }

    #[test]
    fn different_faults_overlap() {
        let history: History = [
            op(0, "kill", Json::from("one")),
            op(1, "pause", Json::null()),
            op(2, "start-partition-ring", Json::from("majorities-ring")),
            op(3, "start", Json::from("all")),
            op(4, "stop-partition-ring", Json::null()),
            op(5, "resume", Json::from("all")),
        ]
        .into_iter()
        .collect();
        let all = [period(0, Some(3), "kill: one"), period(1, Some(5), "pause"), period(2, Some(4), "partition-ring")];
        assert_eq!(periods(&history), all);
    }
}
