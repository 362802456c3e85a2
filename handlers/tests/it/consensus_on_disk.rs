//! The replicated log on disks: whatever is killed, all nodes at once included, the cluster serves again, and nothing
//! that was acknowledged is lost. A node whose disk is damaged becomes a new member.

use crate::{
    clients::{Clients, Kv},
    cluster::{Cluster, Latency},
};
use glomers_handlers::{ReplicatedLists, ReplicatedMap};
use glomers_protocol::{
    Handler,
    rand::{RngExt, seq::SliceRandom},
};
use glomers_workbench::{
    Options, Validity,
    options::{Concurrency, DiskUse, Fault},
    simulate, soak, workload,
};
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Sizes and latencies differ by seed.
fn cluster<H: Handler>(seed: u64) -> Cluster {
    let count = [3, 5, 2, 3, 1][usize::try_from(seed % 5).unwrap()];
    let latency = Latency::drawn(seed / 2);
    Cluster::with_disks::<H, _>(seed, count, latency, H::init)
}

fn operate(cluster: &mut Cluster, clients: &mut Clients, steps: usize) {
    for _ in 0..steps {
        let node = cluster.rng.random_range(0..cluster.count());
        clients.request(cluster, node);
        let pause = cluster.rng.random_range(0..40);
        cluster.run(pause * MILLISECOND);
    }
}

/// Kills any of the nodes, all of them every third time, at once or one after the other, on a network that may be bad,
/// and that repeats what was sent at any time before. Then starts them again, and waits until all serve.
fn bad_time(cluster: &mut Cluster, clients: &mut Clients) {
    let count = cluster.count();
    let mut victims: Vec<_> = (0..count).collect();
    victims.shuffle(&mut cluster.rng);
    if cluster.rng.random_range(0..3) > 0 {
        victims.truncate(cluster.rng.random_range(0..=count));
    }
    cluster.trouble();
    let steps = [0, 0, 1, 30][cluster.rng.random_range(0..4)];
    for node in victims.iter().chain(&victims) {
        cluster.kill_or_restart(*node);
        operate(cluster, clients, steps);
    }
    cluster.heal();
    for node in 0..count {
        clients.insist(cluster, node);
    }
}

fn storm<H: Handler>(kv: Kv, seed: u64) {
    let mut cluster = cluster::<H>(seed);
    let mut clients = Clients::new(kv);
    for _ in 0..6 {
        bad_time(&mut cluster, &mut clients);
        let steps = cluster.rng.random_range(0..20);
        operate(&mut cluster, &mut clients, steps);
    }
    assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
}

fn a_map_survives_everything(seeds: u64) {
    (0..seeds).for_each(|seed| storm::<ReplicatedMap>(Kv::Map, seed));
}

fn lists_survive_everything(seeds: u64) {
    (0..seeds).for_each(|seed| storm::<ReplicatedLists>(Kv::Lists, seed));
}

/// All are killed again and again while the cluster starts, and after. With seed 86 some nodes keep a promise to a
/// ballot that its owner has lost, and the others elect a leader with a lower one.
fn all_may_be_killed_at_any_time(seeds: u64) {
    for seed in (0..seeds).chain([86]) {
        let mut cluster = cluster::<ReplicatedLists>(seed);
        let mut clients = Clients::new(Kv::Lists);
        for _ in 0..cluster.rng.random_range(1..10) {
            operate(&mut cluster, &mut clients, 1);
            let pause = cluster.rng.random_range(0..300);
            cluster.run(pause * MILLISECOND);
            let all = 0..cluster.count();
            all.clone().for_each(|node| cluster.kill(node));
            all.for_each(|node| cluster.restart(node));
        }
        for node in 0..cluster.count() {
            let time = clients.insist(&mut cluster, node);
            assert!(time < 5 * SECOND, "seed {seed}: {time:?}");
        }
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}

/// Three nodes that have served, with a latency of five milliseconds.
fn three() -> (Cluster, Clients) {
    let latency = Latency::Constant(5 * MILLISECOND);
    let mut cluster = Cluster::with_disks::<ReplicatedLists, _>(1, 3, latency, ReplicatedLists::init);
    let mut clients = Clients::new(Kv::Lists);
    for node in [0, 1, 2, 0, 1, 2, 0, 1, 2] {
        clients.insist(&mut cluster, node);
    }
    (cluster, clients)
}

/// Kills these nodes, changes a bit on the disk of each, and starts them again.
fn damage(cluster: &mut Cluster, nodes: &[usize]) {
    for node in nodes {
        cluster.kill(*node);
        let disk = cluster.disk(*node);
        let log = disk.durable("consensus.log").unwrap();
        disk.flip("consensus.log", log.len() / 2, 1);
    }
    nodes.iter().for_each(|node| cluster.restart(*node));
}

#[test]
fn a_damaged_node_becomes_a_new_member() {
    let (mut cluster, mut clients) = three();
    for node in [1, 0, 2] {
        damage(&mut cluster, &[node]);
        for node in [node, 0, 1, 2] {
            let time = clients.insist(&mut cluster, node);
            assert!(time <= 5 * SECOND, "node {node}: {time:?}");
        }
        assert!(cluster.disk(node).files().contains(&"consensus.damaged".to_owned()));
    }
    assert_eq!(clients.judge(), Validity::Valid);
}

#[test]
fn damage_everywhere_is_no_first_start() {
    for nodes in [&[0, 1][..], &[1, 2], &[0, 1, 2]] {
        let (mut cluster, mut clients) = three();
        let before = clients.served.len();
        damage(&mut cluster, nodes);
        for _ in 0..100 {
            operate(&mut cluster, &mut clients, 4);
        }
        assert_eq!(clients.served.len(), before, "{nodes:?}");
    }
}

#[test]
fn the_journal_is_compacted() {
    let (mut cluster, mut clients) = three();
    let mut shrunk = [false; 3];
    let length = |cluster: &Cluster, node| cluster.disk(node).read("consensus.log").unwrap().len();
    for _ in 0..700 {
        let before = [0, 1, 2].map(|node| length(&cluster, node));
        operate(&mut cluster, &mut clients, 1);
        (0..3).for_each(|node| shrunk[node] |= length(&cluster, node) < before[node]);
    }
    assert_eq!(shrunk, [true; 3]);
    (0..3).for_each(|node| cluster.kill(node));
    (0..3).for_each(|node| cluster.restart(node));
    for node in 0..3 {
        clients.insist(&mut cluster, node);
    }
    assert_eq!(clients.judge(), Validity::Valid);
}

/// Random tests with some of these faults. All nodes serve when the faults are over.
fn soak<H: Handler>(name: &str, faults: &[Fault], seeds: u64) {
    for seed in 0..seeds {
        let base = Options::default().disk(DiskUse::Always).concurrency(Concurrency::PerNode(2)).liveness(true);
        let options = soak::draw(&base, faults, seed);
        let report = simulate::<H>(workload::named(name).unwrap(), &options).unwrap();
        // A kind of operation that never succeeded proves nothing here: some tests have few operations, and bad times.
        assert_ne!(report.judgement.verdict.valid, Validity::Invalid, "{name}, seed {seed}: {report}");
        let liveness = report.judgement.liveness.as_ref().unwrap();
        assert_eq!(liveness.valid, Validity::Valid, "{name}, seed {seed}: {report}");
    }
}

/// The faults of disks and all others that may come with them.
const ALL: [Fault; 8] = [
    Fault::Kill,
    Fault::DiskSlow,
    Fault::DiskFull,
    Fault::DiskError,
    Fault::DiskCorrupt,
    Fault::Partition,
    Fault::Loss,
    Fault::Pause,
];

fn a_map_survives_each_fault(seeds: u64) {
    ALL[..5].iter().for_each(|fault| soak::<ReplicatedMap>("lin-kv", &[*fault], seeds));
}

fn lists_survive_each_fault(seeds: u64) {
    ALL[..5].iter().for_each(|fault| soak::<ReplicatedLists>("txn-list-append", &[*fault], seeds));
}

fn a_map_survives_all_faults(seeds: u64) {
    soak::<ReplicatedMap>("lin-kv", &ALL, seeds);
}

fn lists_survive_all_faults(seeds: u64) {
    soak::<ReplicatedLists>("txn-list-append", &ALL, seeds);
}

over_seeds! {
    a_map_survives_everything: 2, 60;
    lists_survive_everything: 2, 60;
    all_may_be_killed_at_any_time: 4, 100;
    a_map_survives_each_fault: 1, 30;
    lists_survive_each_fault: 1, 30;
    a_map_survives_all_faults: 1, 60;
    lists_survive_all_faults: 1, 60;
}
