//! The operations of the main phase: sends and polls, some assignments, and now and then a crash of a client (jepsen:
//! `tests/kafka.clj`, `workload`).

use crate::workload::kafka::offsets::{self, Offsets};
use crate::{
    options::Options,
    workload::{
        generator::{Generator, Invocation, Moment, Next},
        transactions::{Step, Transactions},
    },
};
use glomers_checkers::history::Op;
use glomers_json::SortedMap;
use glomers_protocol::Json;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The number of operations for each assignment (`interleave-subscribes`, `:sub-p`).
const OPERATIONS_PER_ASSIGNMENT: u32 = 64;

/// The number of assignments for each one that targets unseen messages (`poll-unseen`).
const ASSIGNMENTS_PER_SEARCH: u32 = 3;

/// The mean lifetime of a client (`crash-client-gen`, `:crash-client-interval`).
const LIFETIME: Duration = Duration::from_secs(30);

/// Sends, polls, assignments and crashes.
pub(super) struct Traffic {
    transactions: Transactions,
    /// A step that waits until its key is assigned.
    postponed: Option<Step>,
    unseen: Unseen,
    seen: Rc<RefCell<Offsets>>,
    /// The mean interval between crashes.
    crash_interval: Duration,
    next_crash: Duration,
}

/// The keys whose messages have not all been polled.
#[derive(Default)]
struct Unseen {
    sent: Offsets,
    polled: Offsets,
}

/// The offsets up to which the messages of a key were polled and sent.
#[derive(Serialize)]
struct Gap {
    polled: i64,
    sent: i64,
}

impl Traffic {
    /// Operations by the options; `seen` is raised to the offsets that they see.
    pub(super) fn new(options: &Options, seen: Rc<RefCell<Offsets>>) -> Self {
        let clients = u32::try_from(options.clients().max(1)).unwrap_or(u32::MAX);
        Self {
            transactions: Transactions::new(options, 1),
            postponed: None,
            unseen: Unseen::default(),
            seen,
            crash_interval: LIFETIME / clients,
            next_crash: Duration::ZERO,
        }
    }

    /// Tells whether a crash is next. A due crash is as likely as any other operation, hence the coin.
    fn crashes(&mut self, moment: &mut Moment<'_>) -> bool {
        let crashes = self.next_crash <= moment.now && moment.rng.random();
        if crashes {
            self.next_crash = moment.now + (self.crash_interval * 2).mul_f64(moment.rng.random());
        }
        crashes
    }

    /// The next operation other than a crash. Some wait until their key is assigned.
    fn operation(&mut self, rng: &mut Pcg64Mcg) -> Invocation {
        let step = self.postponed.take().unwrap_or_else(|| self.transactions.draw(rng)[0]);
        if rng.random_ratio(1, OPERATIONS_PER_ASSIGNMENT) {
            self.postponed = Some(step);
            let (Step::Read { key } | Step::Write { key, .. }) = step;
            return self.unseen.assignment(key, rng);
        }
        match step {
            Step::Read { .. } => Invocation::new("poll", Json::new(&[("poll",)])),
            Step::Write { key, value } => Invocation::new("send", Json::new(&[("send", key.to_string(), value)])),
        }
    }
}

impl Generator for Traffic {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        let Some(thread) = moment.free.first().copied() else { return Next::Wait(None) };
        if self.crashes(moment) {
            return Next::Invoke(thread, Invocation::bare("crash"));
        }
        Next::Invoke(thread, self.operation(moment.rng))
    }

    fn observe(&mut self, op: &Op) {
        let (sent, polled) = (offsets::sent(op), offsets::polled(op));
        let mut seen = self.seen.borrow_mut();
        offsets::raise(&mut seen, &sent);
        offsets::raise(&mut seen, &polled);
        self.unseen.note(&sent, &polled);
    }
}

impl Unseen {
    fn note(&mut self, sent: &Offsets, polled: &Offsets) {
        offsets::raise(&mut self.sent, sent);
        offsets::raise(&mut self.polled, polled);
        for key in sent.keys().chain(polled.keys()) {
            if self.polled(*key) >= self.sent.get(key).copied().unwrap_or(-1) {
                self.sent.remove(key);
                self.polled.remove(key);
            }
        }
    }

    fn polled(&self, key: u64) -> i64 {
        self.polled.get(&key).copied().unwrap_or(-1)
    }

    /// An assignment of `key`, sometimes preceded by all keys with unseen messages.
    fn assignment(&self, key: u64, rng: &mut Pcg64Mcg) -> Invocation {
        let is_search = rng.random_ratio(1, ASSIGNMENTS_PER_SEARCH);
        if !is_search || self.sent.is_empty() {
            return Invocation::new("assign", Json::new(&[key.to_string()]));
        }
        let other = (!self.sent.contains_key(&key)).then_some(&key);
        let keys: Vec<_> = self.sent.keys().chain(other).map(u64::to_string).collect();
        let gap = |(key, sent): &(u64, i64)| (*key, Gap { polled: self.polled(*key), sent: *sent });
        let gaps: SortedMap<_, _> = self.sent.iter().map(gap).collect();
        Invocation::new("assign", Json::new(&keys)).with("unseen", Json::new(&gaps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message that is acknowledged after it was polled counts as unseen until the next poll, as in jepsen.
    #[test]
    fn what_was_sent_and_not_polled_is_unseen() {
        let mut unseen = Unseen::default();
        let mut check = |sent: &[(u64, i64)], polled: &[(u64, i64)], expected: &[(u64, i64, i64)]| {
            unseen.note(&sent.iter().copied().collect(), &polled.iter().copied().collect());
            let gaps = unseen.sent.iter().map(|(key, sent)| (*key, unseen.polled(*key), *sent));
            assert_eq!(gaps.collect::<Vec<_>>(), expected);
        };
        check(&[(1, 5)], &[], &[(1, -1, 5)]);
        check(&[(2, 0)], &[(1, 3)], &[(1, 3, 5), (2, -1, 0)]);
        check(&[(1, 4)], &[(1, 2)], &[(1, 3, 5), (2, -1, 0)]);
        check(&[], &[(1, 5), (2, -1)], &[(2, -1, 0)]);
        check(&[(1, 5)], &[(2, 1), (3, 7)], &[(1, -1, 5)]);
    }
}
