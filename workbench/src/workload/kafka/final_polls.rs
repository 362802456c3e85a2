//! The final operations: every thread polls all logs from the beginning with a new client, until it has reached the
//! highest offset that any client saw (jepsen: `tests/kafka.clj`, `final-polls`).

use crate::workload::generator::{Generator, Invocation, Moment, Next};
use crate::workload::kafka::offsets::{self, Offsets};
use glomers_checkers::history::{Op, Process};
use glomers_protocol::Json;
use rand::{RngExt, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The time limit of this phase. Without it, a node that lost messages would keep it going for ever.
const LIMIT: Duration = Duration::from_secs(10);

/// The mean interval between the polls of a thread.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The time that a poll may wait for messages, which its entry names. Kafka's own clients wait; these do not.
const POLL_MILLIS: u64 = 1000;

/// The final polls of every thread.
pub(super) struct FinalPolls {
    seen: Rc<RefCell<Offsets>>,
    /// All keys; `null` before the first operation.
    keys: Json,
    threads: Vec<Thread>,
    end: Option<Duration>,
}

struct Thread {
    /// The offsets that it has not reached yet; none when it is done.
    targets: Offsets,
    stage: Stage,
    /// The time of its next operation.
    due: Duration,
    /// The client of its last operation.
    process: Option<u64>,
}

/// The next operation of a thread.
#[derive(Clone, Copy)]
enum Stage {
    Crash,
    Assign,
    Poll,
}

impl FinalPolls {
    /// Polls up to the offsets that `seen` holds when the first of them begins.
    pub(super) fn new(seen: Rc<RefCell<Offsets>>) -> Self {
        Self { seen, keys: Json::null(), threads: Vec::new(), end: None }
    }

    /// Fixes the offsets to reach.
    fn begin(&mut self, threads: usize) {
        let seen = self.seen.borrow();
        self.keys = Json::new(&seen.keys().map(u64::to_string).collect::<Vec<_>>());
        let thread = || Thread { targets: seen.clone(), stage: Stage::Crash, due: Duration::ZERO, process: None };
        self.threads.resize_with(threads, thread);
    }
}

impl Generator for FinalPolls {
    fn next(&mut self, moment: &mut Moment<'_>) -> Next {
        if self.threads.is_empty() {
            self.begin(moment.processes.len());
        }
        let waiting = |thread: &usize| !self.threads[*thread].targets.is_empty();
        let ready: Vec<usize> = moment.free.iter().copied().filter(waiting).collect();
        let due = |thread: usize| self.threads[thread].due.max(moment.now);
        let Some(soonest) = ready.iter().map(|thread| due(*thread)).min() else {
            return if moment.free.len() == moment.processes.len() { Next::Done } else { Next::Wait(None) };
        };
        if soonest >= *self.end.get_or_insert(soonest + LIMIT) {
            return Next::Done;
        }
        if soonest > moment.now {
            return Next::Wait(Some(soonest));
        }
        let tied: Vec<usize> = ready.into_iter().filter(|thread| due(*thread) == soonest).collect();
        let thread = *tied.choose(moment.rng).expect("the soonest is among them");
        self.threads[thread].process = Some(moment.processes[thread]);
        Next::Invoke(thread, self.threads[thread].operation(&self.keys, moment.now, moment.rng))
    }

    fn observe(&mut self, op: &Op) {
        let Process::Client(process) = op.process else { return };
        let polled = offsets::polled(op);
        if let Some(thread) = self.threads.iter_mut().find(|thread| thread.process == Some(process)) {
            thread.targets.retain(|key, target| polled.get(key).is_none_or(|offset| offset < target));
        }
    }
}

impl Thread {
    fn operation(&mut self, keys: &Json, now: Duration, rng: &mut Pcg64Mcg) -> Invocation {
        match self.stage {
            Stage::Crash => {
                self.stage = Stage::Assign;
                Invocation::bare("crash")
            }
            Stage::Assign => {
                self.stage = Stage::Poll;
                Invocation::new("assign", keys.clone()).with("seek-to-beginning?", true)
            }
            Stage::Poll => {
                self.due = now + (POLL_INTERVAL * 2).mul_f64(rng.random());
                Invocation::new("poll", Json::new(&[("poll",)])).with("poll-ms", POLL_MILLIS)
            }
        }
    }
}
