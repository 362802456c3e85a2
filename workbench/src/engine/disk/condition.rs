//! The condition of a simulated disk: the time that a sync takes, the faults in force, and the counts of their effects.

use crate::options::Fault;
use glomers_json::SortedMap;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The factor by which the syncs of a slow disk take longer.
const SLOWNESS: u32 = 10;

/// The shortest extra time of a sync of a slow disk.
const SLOW: Duration = Duration::from_millis(100);

/// The largest number of bytes for which a full disk still has room. One in two has none.
const ROOM: u64 = 256;

/// The share of the syncs that fail on a disk with errors. The others succeed, as on Linux, where an error is reported once:
/// a node that tries again is told that all is well, but its data is gone.
const FAILING: f64 = 0.5;

/// The condition of a disk.
#[derive(Debug)]
pub(super) struct Condition {
    /// The mean time of a sync.
    latency: Duration,
    is_slow: bool,
    /// The number of bytes that can still be written, if the disk is full.
    room: Option<u64>,
    has_errors: bool,
    /// The number of syncs to fail next, whatever the faults.
    failures: usize,
    affected: SortedMap<Fault, usize>,
}

impl Condition {
    pub(super) fn new(latency: Duration) -> Self {
        Self { latency, is_slow: false, room: None, has_errors: false, failures: 0, affected: SortedMap::new() }
    }

    /// Begins a fault.
    pub(super) fn impose(&mut self, fault: Fault, rng: &mut Pcg64Mcg) {
        match fault {
            Fault::DiskSlow => self.is_slow = true,
            Fault::DiskFull => self.room = Some(if rng.random() { rng.random_range(1..=ROOM) } else { 0 }),
            Fault::DiskError => self.has_errors = true,
            _ => {}
        }
    }

    /// Ends a fault.
    pub(super) fn lift(&mut self, fault: Fault) {
        match fault {
            Fault::DiskSlow => self.is_slow = false,
            Fault::DiskFull => self.room = None,
            Fault::DiskError => self.has_errors = false,
            _ => {}
        }
    }

    /// Has the next sync fail.
    pub(super) fn fail_next(&mut self) {
        self.failures += 1;
    }

    /// The time that a sync takes, exponentially distributed.
    pub(super) fn sync_time(&mut self, rng: &mut Pcg64Mcg) -> Duration {
        let time = self.latency.mul_f64(-(1.0 - rng.random::<f64>()).ln());
        if !self.is_slow {
            return time;
        }
        self.count(Fault::DiskSlow);
        time + (time * (SLOWNESS - 1)).max(SLOW)
    }

    /// Tells whether there is room for this many bytes, and takes it.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let Some(room) = &mut self.room else { return true };
        match room.checked_sub(bytes as u64) {
            Some(rest) => {
                *room = rest;
                true
            }
            None => {
                self.count(Fault::DiskFull);
                false
            }
        }
    }

    /// Tells whether the sync that ends now fails.
    pub(super) fn fails(&mut self, rng: &mut Pcg64Mcg) -> bool {
        if self.failures > 0 {
            self.failures -= 1;
            return true;
        }
        let fails = self.has_errors && rng.random_bool(FAILING);
        if fails {
            self.count(Fault::DiskError);
        }
        fails
    }

    /// Counts an effect of a fault.
    pub(super) fn count(&mut self, fault: Fault) {
        *self.affected.or_insert(fault, 0) += 1;
    }

    /// The number of writes, syncs or bytes that a fault has affected.
    pub(super) fn affected(&self, fault: Fault) -> usize {
        self.affected.get(&fault).copied().unwrap_or_default()
    }
}
