//! Mistakes about what must be durable when. A soak with kills finds each of them within 50 tests.

use std::cell::Cell;

/// A mistake of a journal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mistake {
    /// Messages leave before what they follow from is durable.
    AnswersBeforeSync,
    /// Promises are not recorded, but accepted entries are.
    ForgetsPromises,
    /// A process takes itself for the first, so it begins no new session and numbers commands as the one before it.
    ForgetsProcesses,
}

thread_local! {
    static MISTAKE: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// Tells if the nodes of the present test make this mistake.
pub(super) fn makes(mistake: Mistake) -> bool {
    MISTAKE.get() == Some(mistake)
}

#[cfg(test)]
mod tests {
    use super::{MISTAKE, Mistake};
    use crate::{ReplicatedLists, ReplicatedMap};
    use glomers_protocol::Handler;
    use glomers_workbench::{
        Options, Validity,
        options::{Concurrency, Fault},
        simulate, soak, workload,
    };
    use std::time::Duration;

    /// The disks of a test.
    #[derive(Clone, Copy)]
    enum Disks {
        AsDrawn,
        /// Syncs take 50 ms, and kills come often: many kills come during a sync.
        Slow,
    }

    /// The verdict on the test that a seed draws, with kills, partitions and such disks.
    fn verdict<H: Handler>(name: &str, disks: Disks, mistake: Option<Mistake>, seed: u64) -> Validity {
        MISTAKE.set(mistake);
        let base = Options::default().concurrency(Concurrency::PerNode(2));
        let options = soak::draw(&base, &[Fault::Kill, Fault::Partition], seed);
        let options = options.nemesis(vec![Fault::Kill, Fault::Partition]);
        let options = match disks {
            Disks::AsDrawn => options,
            Disks::Slow => options.nemesis_interval(Duration::from_secs(1)).disk_latency(Duration::from_millis(50)),
        };
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        MISTAKE.set(None);
        report.judgement.verdict.valid
    }

    #[track_caller]
    fn is_found<H: Handler>(name: &str, disks: Disks, mistake: Mistake) {
        let seed = (0..50).find(|seed| verdict::<H>(name, disks, Some(mistake), *seed) == Validity::Invalid);
        let seed = seed.unwrap_or_else(|| panic!("{mistake:?} is not found in 50 tests"));
        assert_ne!(verdict::<H>(name, disks, None, seed), Validity::Invalid, "seed {seed}");
    }

    #[test]
    fn answers_before_the_sync_are_found() {
        is_found::<ReplicatedLists>("txn-list-append", Disks::Slow, Mistake::AnswersBeforeSync);
    }

    #[test]
    fn forgotten_promises_are_found() {
        is_found::<ReplicatedLists>("txn-list-append", Disks::AsDrawn, Mistake::ForgetsPromises);
    }

    #[test]
    fn forgotten_processes_are_found() {
        is_found::<ReplicatedMap>("lin-kv", Disks::Slow, Mistake::ForgetsProcesses);
    }
}
