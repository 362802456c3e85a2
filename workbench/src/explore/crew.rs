//! The threads of an exploration and what they share: counts, the counterexample, and parts of the search that nobody has
//! begun.

use crate::explore::{result::Tally, schedule::Schedule, step::Step};
use std::sync::{
    Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// A part of a search: all schedules that begin with a path.
#[derive(Debug, Default)]
pub(crate) struct Job {
    pub(crate) path: Vec<Step>,
    /// The steps that sleep after it.
    pub(crate) sleep: Vec<Step>,
}

/// The state that threads share.
pub(crate) struct Crew {
    threads: usize,
    limit: u64,
    claimed: AtomicU64,
    schedules: AtomicU64,
    repetitions: AtomicU64,
    steps: AtomicU64,
    longest: AtomicUsize,
    processes: AtomicUsize,
    is_stopped: AtomicBool,
    jobs: Mutex<Jobs>,
    changed: Condvar,
    /// The number of threads that wait for a job, beyond the jobs there are.
    wanted: AtomicUsize,
    found: Mutex<Option<Found>>,
}

struct Jobs {
    open: Vec<Job>,
    /// The number of threads that work.
    working: usize,
}

/// An invalid schedule.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) schedule: Schedule,
    /// The number of schedules until then.
    pub(crate) after: u64,
}

impl Crew {
    pub(crate) fn new(threads: usize, limit: Option<u64>) -> Self {
        Self {
            threads,
            limit: limit.unwrap_or(u64::MAX),
            claimed: AtomicU64::new(0),
            schedules: AtomicU64::new(0),
            repetitions: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            longest: AtomicUsize::new(0),
            processes: AtomicUsize::new(0),
            is_stopped: AtomicBool::new(false),
            jobs: Mutex::new(Jobs { open: vec![Job::default()], working: 0 }),
            changed: Condvar::new(),
            wanted: AtomicUsize::new(0),
            found: Mutex::new(None),
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` if there will be none any more.
    pub(crate) fn next_job(&self, has_worked: bool) -> Option<Job> {
        let mut jobs = self.jobs();
        if has_worked {
            jobs.working -= 1;
        }
        loop {
            if self.is_stopped.load(Relaxed) || (jobs.open.is_empty() && jobs.working == 0) {
                self.changed.notify_all();
                return None;
            }
            if let Some(job) = jobs.open.pop() {
                jobs.working += 1;
                return Some(job);
            }
            self.wanted.fetch_add(1, Relaxed);
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn wants_jobs(&self) -> bool {
        self.threads > 1 && self.wanted.load(Relaxed) > 0
    }

    pub(crate) fn add(&self, job: Job) {
        self.jobs().open.push(job);
        let _ = self.wanted.fetch_update(Relaxed, Relaxed, |wanted| wanted.checked_sub(1));
        self.changed.notify_one();
    }

    /// Claims one more schedule. Returns false if the exploration ends.
    pub(crate) fn claim(&self) -> bool {
        if self.is_stopped.load(Relaxed) {
            return false;
        }
        let schedules = self.schedules.load(Relaxed);
        if schedules >= self.limit {
            self.stop();
            return false;
        }
        true
    }

    /// Claims a random schedule and returns its number; `None` if the exploration ends.
    pub(crate) fn claim_number(&self) -> Option<u64> {
        let number = self.claimed.fetch_add(1, Relaxed);
        (number < self.limit && !self.is_stopped.load(Relaxed)).then_some(number)
    }

    pub(crate) fn count_schedule(&self, steps: usize) {
        self.schedules.fetch_add(1, Relaxed);
        self.steps.fetch_add(steps as u64, Relaxed);
        self.longest.fetch_max(steps, Relaxed);
    }

    pub(crate) fn count_repetition(&self, steps: usize) {
        self.repetitions.fetch_add(1, Relaxed);
        self.steps.fetch_add(steps as u64, Relaxed);
    }

    /// Notes the number of sequences of steps that a schedule interleaves.
    pub(crate) fn count_processes(&self, count: usize) {
        self.processes.fetch_max(count, Relaxed);
    }

    /// The number of steps of the longest schedule so far.
    pub(crate) fn longest(&self) -> usize {
        self.longest.load(Relaxed)
    }

    /// Notes an invalid schedule, and ends the exploration.
    pub(crate) fn find(&self, schedule: Schedule) {
        let after = self.schedules.load(Relaxed);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_none_or(|known| schedule.0.len() < known.schedule.0.len()) {
            *found = Some(Found { schedule, after });
        }
        drop(found);
        self.stop();
    }

    /// Ends the exploration.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Relaxed);
        // Whoever waits holds the lock until it waits.
        drop(self.jobs());
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    pub(crate) fn take_found(&self) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally {
            schedules: self.schedules.load(Relaxed),
            repetitions: self.repetitions.load(Relaxed),
            steps: self.steps.load(Relaxed),
            longest: self.longest.load(Relaxed),
            processes: self.processes.load(Relaxed),
        }
    }
}
