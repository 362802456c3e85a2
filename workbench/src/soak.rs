//! Soak tests: a seed draws the size of the cluster, the rate, the network and the faults, and a test that fails is
//! shrunk. Each test leaves out some faults, because one fault may hide the failure that another one causes (Groce et
//! al., "Swarm Testing", 2012).
//!
//! ```
//! use glomers_protocol::{handler, echo::{Echo, EchoOk}};
//! use glomers_workbench::{Options, Validity, options::Fault, simulate, soak, workload};
//!
//! #[derive(Default)]
//! struct Parrot;
//!
//! #[handler(echo)]
//! impl Parrot {
//!     fn echo(&self, request: Echo) -> EchoOk {
//!         EchoOk { echo: request.echo }
//!     }
//! }
//!
//! let verdict = |options: &Options| soak::verdict(&simulate::<Parrot>(workload::named("echo").unwrap(), options).unwrap());
//! let fails = |options: &Options| verdict(options) == Validity::Invalid;
//! for seed in 0..10 {
//!     let options = soak::draw(&Options::default(), &[Fault::Partition, Fault::Slow], seed);
//!     assert!(!fails(&options), "{:?}", soak::shrink(&options, 100, fails));
//! }
//! ```

use crate::{
    options::{Concurrency, Distribution, Fault, Latency, Options, Topology},
    run::report::Report,
};
use glomers_checkers::{checker::txn, validity::Validity};
use rand::{Rng, RngExt, SeedableRng, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use std::time::Duration;

/// The sizes of drawn clusters.
const NODES: [usize; 8] = [1, 2, 3, 3, 4, 5, 5, 7];

/// The mean latencies, in milliseconds.
const LATENCIES: [u64; 6] = [0, 0, 1, 10, 50, 100];

const DISTRIBUTIONS: [Distribution; 3] = [Distribution::Constant, Distribution::Uniform, Distribution::Exponential];

/// The mean times of a sync, in milliseconds.
const DISK_LATENCIES: [u64; 4] = [1, 1, 5, 20];

const TOPOLOGIES: [Topology; 5] =
    [Topology::Line, Topology::Grid, Topology::Tree(2), Topology::Tree(4), Topology::Total];

/// The test that `seed` draws: 5 to 20 seconds, up to 150 operations per second, about half of `faults`. The options of
/// the workload in `base` stay: its concurrency is the minimum; consistency models, keys and liveness are unchanged.
///
/// Nodes have a disk if the options in `base` or the drawn faults ask for one, which takes 1 to 20 ms for a sync in the mean.
///
/// Availability is required only where no fault keeps nodes from answering.
pub fn draw(base: &Options, faults: &[Fault], seed: u64) -> Options {
    let rng = &mut Pcg64Mcg::seed_from_u64(seed);
    let per_node = match base.concurrency {
        Concurrency::PerNode(factor) => factor,
        Concurrency::Total(_) => 1,
    };
    let nodes = pick(&NODES, rng);
    let nemesis = some_of(faults, rng);
    let answers = nemesis.iter().all(|fault| !fault.stops_nodes());
    let drawn = base
        .clone()
        .node_count(nodes)
        .concurrency(Concurrency::PerNode(per_node * rng.random_range(1..=2)))
        // Uniform on a logarithmic scale, rounded to be typed easily.
        .rate((5.0 * 30_f64.powf(rng.random())).round())
        .time_limit(Duration::from_secs(rng.random_range(5..=20)))
        .latency(Latency {
            mean: Duration::from_millis(pick(&LATENCIES, rng)),
            distribution: pick(&DISTRIBUTIONS, rng),
        })
        .nemesis_interval(Duration::from_millis(500 * rng.random_range(1..=10)))
        .nemesis(nemesis)
        .topology(pick(&TOPOLOGIES, rng))
        .availability(base.availability.filter(|_| answers))
        .seed(seed);
    // Drawn last, so that a test without disks does not depend on it.
    let disk_latency = Duration::from_millis(pick(&DISK_LATENCIES, rng));
    if drawn.has_disk() { drawn.disk_latency(disk_latency) } else { drawn }
}

/// The verdict on a drawn test. It may be so short, and its faults so long, that hardly any operation can succeed.
/// Maelstrom calls that invalid; here it is unknown, unless nodes do not serve again afterwards.
pub fn verdict(report: &Report) -> Validity {
    let judgement = &report.judgement;
    let (stats, safety) = (&judgement.stats, judgement.safety());
    match judgement.liveness() {
        Validity::Invalid => Validity::Invalid,
        _ if stats.all.ok_count == 0 => Validity::Unknown,
        // No transaction followed another one.
        _ if judgement.verdict.fault_kinds() == [txn::EMPTY] => Validity::Unknown,
        // Statistics say at most that nothing of a kind succeeded.
        _ if safety == Validity::Valid && stats.valid != Validity::Valid => Validity::Unknown,
        _ => safety,
    }
}

/// The smallest test found that still `fails`, after at most `tries` attempts: fewer faults, operations, nodes and
/// clients, lower latency. The seed stays.
pub fn shrink(options: &Options, tries: usize, mut fails: impl FnMut(&Options) -> bool) -> Options {
    let (mut smallest, mut left) = (options.clone(), tries);
    'search: loop {
        for smaller in smaller(&smallest) {
            if left == 0 {
                return smallest;
            }
            left -= 1;
            if fails(&smaller) {
                smallest = smaller;
                continue 'search;
            }
        }
        return smallest;
    }
}

/// Tests that are smaller in one respect, the largest steps first.
fn smaller(options: &Options) -> Vec<Options> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut Options)| {
        let mut smaller = options.clone();
        change(&mut smaller);
        if smaller != *options {
            all.push(smaller);
        }
    };
    for fault in &options.nemesis {
        add(&|options| options.nemesis.retain(|other| other != fault));
    }
    let seconds = options.time_limit.as_secs();
    for seconds in [seconds / 2, seconds.saturating_sub(1)] {
        add(&|options| options.time_limit = Duration::from_secs(seconds.max(1)));
    }
    for count in [1, options.nodes.len() / 2, options.nodes.len() - 1] {
        add(&|options| *options = options.clone().node_count(count.max(1)));
    }
    add(&|options| options.rate = (options.rate / 2.0).ceil());
    add(&|options| options.latency = Latency::default());
    add(&|options| options.latency.distribution = Distribution::Constant);
    add(&|options| options.disk_latency = Options::default().disk_latency);
    if let Concurrency::PerNode(factor) = options.concurrency
        && factor.is_multiple_of(2)
    {
        add(&|options| options.concurrency = Concurrency::PerNode(factor / 2));
    }
    all
}

fn pick<T: Copy>(from: &[T], rng: &mut impl Rng) -> T {
    *from.choose(rng).expect("there is something to draw")
}

/// About half of the faults, and at least one if there are any.
fn some_of(faults: &[Fault], rng: &mut impl Rng) -> Vec<Fault> {
    let drawn: Vec<_> = faults.iter().copied().filter(|_| rng.random()).collect();
    if drawn.is_empty() { faults.choose(rng).copied().into_iter().collect() } else { drawn }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn seeds_draw_different_tests_and_always_the_same() {
        let base = Options::default().concurrency(Concurrency::PerNode(2));
        let draws: Vec<_> = (0..100).map(|seed| draw(&base, &Fault::ALL, seed)).collect();
        assert_eq!(draws, (0..100).map(|seed| draw(&base, &Fault::ALL, seed)).collect::<Vec<_>>());
        let sizes: BTreeSet<_> = draws.iter().map(|options| options.nodes.len()).collect();
        assert_eq!(sizes, BTreeSet::from(NODES));
        assert!(draws.iter().all(|options| (5.0..=150.0).contains(&options.rate)));
        assert!(
            draws.iter().all(|options| !options.nemesis.is_empty() && options.clients() >= 2 * options.nodes.len())
        );
        for fault in Fault::ALL {
            let with = draws.iter().filter(|options| options.nemesis.contains(&fault)).count();
            assert!((30..=70).contains(&with), "{fault}: {with}");
        }
        assert!(draw(&base, &[], 0).nemesis.is_empty());
    }

    #[test]
    fn a_failing_test_is_made_as_small_as_it_goes() {
        let options = draw(&Options::default(), &Fault::ALL, 7);
        let mut tried = 0;
        let smallest = shrink(&options, 1000, |options| {
            tried += 1;
            options.nodes.len() >= 2 && options.time_limit >= Duration::from_secs(3)
        });
        let expected = options
            .clone()
            .node_count(2)
            .nemesis(Vec::new())
            .time_limit(Duration::from_secs(3))
            .rate(1.0)
            .latency(Latency::default())
            .disk_latency(Duration::from_millis(1))
            .concurrency(Concurrency::PerNode(1));
        assert_eq!(smallest, expected);
        assert!(tried < 100, "{tried}");
        assert_eq!(shrink(&options, 0, |_| true), options);
        assert_eq!(shrink(&options, 1000, |_| false), options);
    }
}
