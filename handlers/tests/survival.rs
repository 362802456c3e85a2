//! Nodes of the replicated log are killed and start again with nothing: as long as a minority is without memory at a
//! time, nothing that was acknowledged is lost, and the others go on.

mod clients;
mod cluster;

use clients::{Clients, Kv};
use cluster::{Cluster, Latency};
use glomers_handlers::{ReplicatedLists, ReplicatedMap};
use glomers_protocol::{
    Handler,
    rand::{RngExt, seq::SliceRandom},
};
use glomers_workbench::Validity;
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Latencies differ by seed: they are zero, constant, or spread.
fn cluster<H: Handler>(seed: u64) -> Cluster<H> {
    let count = if seed.is_multiple_of(2) { 3 } else { 5 };
    let latency = match seed / 2 % 4 {
        0 => Latency::Constant(Duration::ZERO),
        1 => Latency::Constant(5 * MILLISECOND),
        2 => Latency::Exponential(10 * MILLISECOND),
        _ => Latency::Exponential(50 * MILLISECOND),
    };
    Cluster::new(seed, count, latency)
}

/// Kills some of the nodes, fewer than half, one after the other while clients go on; starts them again; and waits until
/// all take part. Meanwhile the network may be bad, and repeats what was sent at any time before.
fn bad_time<H: Handler>(cluster: &mut Cluster<H>, clients: &mut Clients) {
    let count = cluster.count();
    let mut victims: Vec<_> = (0..count).collect();
    victims.shuffle(&mut cluster.rng);
    victims.truncate(cluster.rng.random_range(0..=(count - 1) / 2));
    cluster.echo = 0.05;
    match cluster.rng.random_range(0..4) {
        0 => cluster.partition(),
        1 => cluster.noise = 0.1,
        2 => {
            let node = cluster.rng.random_range(0..count);
            cluster.isolate(node);
        }
        _ => {}
    }
    for node in victims.iter().chain(&victims) {
        if cluster.is_dead(*node) {
            cluster.restart(*node)
        } else {
            cluster.kill(*node)
        }
        let steps = cluster.rng.random_range(0..40);
        operate(cluster, clients, steps);
    }
    cluster.heal();
    for node in 0..count {
        clients.insist(cluster, node);
    }
}

fn operate<H: Handler>(cluster: &mut Cluster<H>, clients: &mut Clients, steps: usize) {
    for _ in 0..steps {
        let node = cluster.rng.random_range(0..cluster.count());
        clients.request(cluster, node);
        cluster.run(25 * MILLISECOND);
    }
}

fn storm<H: Handler>(kv: Kv, seed: u64) -> Clients {
    let mut cluster = cluster::<H>(seed);
    let mut clients = Clients::new(kv);
    for _ in 0..5 {
        bad_time(&mut cluster, &mut clients);
        operate(&mut cluster, &mut clients, 10);
    }
    clients
}

#[test]
fn a_map_survives_kills() {
    for seed in 0..200 {
        let clients = storm::<ReplicatedMap>(Kv::Map, seed);
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}

#[test]
fn lists_survive_kills() {
    for seed in 0..200 {
        let clients = storm::<ReplicatedLists>(Kv::Lists, seed);
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}
#[test]
fn zz() {
    for seed in 0..400 {
        let t = std::time::Instant::now();
        let clients = std::panic::catch_unwind(|| storm::<ReplicatedLists>(Kv::Lists, seed));
        let ok = clients.as_ref().ok().map(|c| c.judge());
        if ok != Some(Validity::Valid) { println!("SEED {seed} {ok:?}"); }
    }
}
