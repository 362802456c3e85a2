//! A model of Jepsen's interpreter, which says how many operations a test begins. It is written from Jepsen's sources
//! (`generator.clj`: `stagger`, `any`, `time-limit`; `generator/interpreter.clj`: `run!`) and shares nothing with the
//! engine. How long each operation takes it is told; the times between operations it draws by itself.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// A test as the interpreter sees it.
pub(crate) struct Test {
    /// Operations a second.
    pub(crate) rate: f64,
    /// The time in which operations begin.
    pub(crate) limit: Duration,
    /// The number of clients.
    pub(crate) clients: usize,
    /// The number of faults that come and go.
    pub(crate) faults: usize,
    /// The mean time between two steps of a fault.
    pub(crate) interval: Duration,
    /// The duration of each operation, in the order in which they begin; those beyond take as long as the first.
    pub(crate) durations: Vec<Duration>,
}

/// `stagger`: operations at intervals between zero and twice the mean.
struct Stagger {
    twice_the_mean: Duration,
    next: Option<Duration>,
}

impl Stagger {
    fn new(mean: Duration) -> Self {
        Self { twice_the_mean: mean * 2, next: None }
    }

    /// The time of the next operation, if it is asked for `now`.
    fn time(&self, now: Duration) -> Duration {
        self.next.unwrap_or(now).max(now)
    }

    fn dispatch(&mut self, time: Duration, rng: &mut Pcg64Mcg) {
        self.next = Some(time + self.twice_the_mean.mul_f64(rng.random()));
    }
}

impl Test {
    /// The number of operations that clients begin.
    pub(crate) fn begun(&self, seed: u64) -> usize {
        let rng = &mut Pcg64Mcg::seed_from_u64(seed);
        let mut clients = Stagger::new(Duration::from_secs_f64(self.rate.recip()));
        let mut faults: Vec<_> = (0..self.faults).map(|_| Stagger::new(self.interval)).collect();
        let (mut now, mut cutoff, mut begun) = (Duration::ZERO, None, 0);
        // The ends of outstanding operations.
        let mut outstanding = BinaryHeap::new();
        loop {
            while outstanding.peek().is_some_and(|Reverse(end)| *end <= now) {
                outstanding.pop();
            }
            let completion = outstanding.peek().map(|Reverse(end)| *end);
            // `any`: the soonest of those that are not pending. The nemesis' thread is always free.
            let free = outstanding.len() < self.clients;
            let fault = faults.iter().enumerate().map(|(fault, stagger)| (stagger.time(now), Some(fault)));
            let soonest = fault.chain(free.then(|| (clients.time(now), None))).min_by_key(|(time, _)| *time);
            match soonest {
                // `:pending`: only a completion changes something.
                None => now = completion.expect("clients are busy"),
                // `time-limit`: nothing; over if nothing is outstanding, else asked again.
                Some((time, _)) if cutoff.is_some_and(|cutoff| time >= cutoff) => match completion {
                    None => return begun,
                    Some(completion) => now = completion,
                },
                Some((time, _)) if time > now => now = completion.map_or(time, |completion| completion.min(time)),
                Some((time, fault)) => {
                    cutoff.get_or_insert(time + self.limit);
                    match fault {
                        Some(fault) => faults[fault].dispatch(time, rng),
                        None => {
                            let took = self.durations.get(begun).unwrap_or(&self.durations[0]);
                            outstanding.push(Reverse(now + *took));
                            clients.dispatch(time, rng);
                            begun += 1;
                        }
                    }
                }
            }
        }
    }
}
