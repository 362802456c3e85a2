//! Keeps programs that take turns on one core. To wake a core that sleeps may cost ten times as much as a message does,
//! and whether the system spreads two programs over cores is chance.

/// Does the work, and starts its processes, on the first core there is.
#[cfg(target_os = "linux")]
pub(crate) fn hold(work: impl FnOnce()) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let all = sched_getaffinity(None).unwrap();
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)).unwrap());
    sched_setaffinity(None, &one).unwrap();
    work();
    sched_setaffinity(None, &all).unwrap();
}

/// Does the work wherever the system likes: this one has no such call.
#[cfg(not(target_os = "linux"))]
pub(crate) fn hold(work: impl FnOnce()) {
    work();
}
