//! Anomalies in all reads of a counter. Maelstrom only judges the last ones.
//!
//! - `impossible-read`: a value that is greater than the sum of all positive additions begun by then, or less than the
//!   sum of all negative ones;
//! - `backwards`: a value of a counter that only grows, less than the same client had read before;
//! - `unread-own-write`: a value of such a counter, less than the same client had added;
//! - `disagreement`: clients that read different values at the very end.

use crate::finding::Finding;
use crate::history::{Clients, History, Kind, Op, Process};

/// Follows the reads of every client. `grows` says that nothing is ever subtracted.
pub fn strict_findings(history: &History, grows: bool) -> Vec<Finding> {
    let mut reads = Reads::default();
    for op in history.ops().iter().filter(|op| op.process != Process::Nemesis) {
        let value = op.value.decode::<i64>().ok().map(i128::from);
        match (op.kind, &*op.f, value) {
            (Kind::Invoke, "add", Some(delta)) => reads.shift(delta, 1),
            (Kind::Fail, "add", Some(delta)) => reads.shift(delta, -1),
            (Kind::Ok, "add", Some(delta)) => reads.clients.of(op.process).added += delta,
            (Kind::Invoke, "read", _) => reads.begin(op),
            (Kind::Ok, "read", Some(value)) => reads.read(op, value, grows),
            _ => {}
        }
    }
    reads.strict_findings
}

#[derive(Default)]
struct Reads {
    /// The sums of the negative and of the positive additions that were begun and have not failed.
    lowest: i128,
    highest: i128,
    clients: Clients<Client>,
    /// The first of the last reads.
    end: Option<(usize, i128)>,
    strict_findings: Vec<Finding>,
}

/// The additions and the last read of a client.
#[derive(Clone, Copy, Default)]
struct Client {
    added: i128,
    last: Option<(usize, i128)>,
    /// The range that was possible when its read began. What has failed since may still have been seen.
    begun: (i128, i128),
}

impl Reads {
    fn shift(&mut self, delta: i128, sign: i128) {
        if delta > 0 {
            self.highest += delta * sign;
        } else {
            self.lowest += delta * sign;
        }
    }

    fn begin(&mut self, read: &Op) {
        self.clients.of(read.process).begun = (self.lowest, self.highest);
    }

    fn read(&mut self, read: &Op, value: i128, grows: bool) {
        let client = self.clients.of(read.process);
        let (lowest, highest) = (self.lowest.min(client.begun.0), self.highest.max(client.begun.1));
        let (last, added) = (client.last.replace((read.index, value)), client.added);
        if !(lowest..=highest).contains(&value) {
            let what = format!("read {value}; by then only {lowest} to {highest} could have been added up");
            self.find("impossible-read", &[read.index], what);
        }
        if let Some((before, greater)) = last.filter(|(_, last)| grows && *last > value) {
            let what = format!("read {value}, after the same client had read {greater} (entry {before})");
            self.find("backwards", &[before, read.index], what);
        } else if grows && value < added {
            let what = format!("read {value}, after the same client alone had added {added}");
            self.find("unread-own-write", &[read.index], what);
        }
        if read.is_final() {
            let (first, expected) = *self.end.get_or_insert((read.index, value));
            if expected != value {
                let what = format!("read {value} at the very end, and another client {expected} (entry {first})");
                self.find("disagreement", &[first, read.index], what);
            }
        }
    }

    fn find(&mut self, kind: &'static str, ops: &[usize], what: String) {
        let index = ops.last().copied().unwrap_or_default();
        self.strict_findings.push(Finding::strict(kind, ops, format!("entry {index} {what}")));
    }
}
