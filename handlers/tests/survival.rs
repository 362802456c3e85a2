//! Nodes of the replicated log are killed and start again with nothing: as long as a minority is without memory at a
//! time, nothing that was acknowledged is lost, and the others go on. Mistakes, which an altered network makes, are found.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

mod clients;
mod cluster;

use clients::{Clients, Kv};
use cluster::{Cluster, Latency, Tamper};
use glomers_handlers::{ReplicatedLists, ReplicatedMap};
use glomers_protocol::{
    Handler,
    rand::{RngExt, seq::SliceRandom},
};
use glomers_workbench::Validity;
use serde_json::{Value, json};
use std::{collections::BTreeMap, panic, time::Duration};

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

fn storm<H: Handler>(kv: Kv, seed: u64, tamper: Option<Tamper>) -> Clients {
    let mut cluster = cluster::<H>(seed);
    cluster.tamper = tamper;
    let mut clients = Clients::new(kv);
    for _ in 0..3 {
        bad_time(&mut cluster, &mut clients);
        operate(&mut cluster, &mut clients, 10);
    }
    clients
}

#[test]
fn a_map_survives_kills() {
    for seed in 0..200 {
        let clients = storm::<ReplicatedMap>(Kv::Map, seed, None);
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}

#[test]
fn lists_survive_kills() {
    for seed in 0..200 {
        let clients = storm::<ReplicatedLists>(Kv::Lists, seed, None);
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}
/// A cluster of three with a latency of five milliseconds, and clients whose requests all nodes have answered.
fn three<H: Handler>(kv: Kv) -> (Cluster<H>, Clients) {
    let mut cluster = Cluster::new(1, 3, Latency::Constant(5 * MILLISECOND));
    let mut clients = Clients::new(kv);
    for node in [0, 1, 2, 0] {
        clients.insist(&mut cluster, node);
    }
    (cluster, clients)
}

#[test]
fn a_cluster_starts_at_once() {
    let mut cluster = Cluster::<ReplicatedMap>::new(1, 5, Latency::Constant(5 * MILLISECOND));
    let mut clients = Clients::new(Kv::Map);
    for node in 0..5 {
        let time = clients.insist(&mut cluster, node);
        assert!(time <= 100 * MILLISECOND, "node {node}: {time:?}");
    }
}

#[test]
fn whoever_starts_again_soon_takes_part() {
    for node in 0..3 {
        let (mut cluster, mut clients) = three::<ReplicatedMap>(Kv::Map);
        cluster.restart(node);
        for node in [node, 0, 1, 2] {
            let time = clients.insist(&mut cluster, node);
            assert!(time <= 200 * MILLISECOND, "node {node}: {time:?}");
        }
        assert_eq!(clients.judge(), Validity::Valid);
    }
}

/// Only two nodes have what was acknowledged. One of them starts again, and then the other is cut off: what the first
/// has, it must have been told.
fn bare_majority(cluster: &mut Cluster<ReplicatedLists>, clients: &mut Clients) {
    cluster.isolate(2);
    clients.insist(cluster, 0);
    cluster.restart(1);
    cluster.heal();
    clients.insist(cluster, 1);
    cluster.isolate(0);
    clients.insist(cluster, 1);
    clients.insist(cluster, 2);
}

#[test]
fn what_a_bare_majority_had_accepted_is_not_forgotten() {
    let (mut cluster, mut clients) = three(Kv::Lists);
    bare_majority(&mut cluster, &mut clients);
    assert_eq!(clients.judge(), Validity::Valid);
}

#[test]
fn a_majority_without_memory_is_refused() {
    let (mut cluster, mut clients) = three::<ReplicatedMap>(Kv::Map);
    let before = clients.served.len();
    (0..2).for_each(|node| cluster.kill(node));
    (0..2).for_each(|node| cluster.restart(node));
    for _ in 0..100 {
        operate(&mut cluster, &mut clients, 4);
    }
    assert_eq!(clients.served.len(), before);
    // Nobody remembers anything: this is another cluster, with other clients.
    let mut clients = Clients::after(&clients);
    (0..3).for_each(|node| cluster.kill(node));
    (0..3).for_each(|node| cluster.restart(node));
    clients.insist(&mut cluster, 2);
}

#[test]
fn nodes_may_be_killed_while_the_cluster_starts() {
    for seed in 0..100 {
        let mut cluster = cluster::<ReplicatedLists>(seed);
        let mut clients = Clients::new(Kv::Lists);
        let victim = if seed < 50 { 0 } else { cluster.rng.random_range(0..cluster.count()) };
        for _ in 0..cluster.rng.random_range(1..5) {
            operate(&mut cluster, &mut clients, 1);
            let pause = cluster.rng.random_range(0..100);
            cluster.run(pause * MILLISECOND);
            cluster.restart(victim);
        }
        for node in 0..cluster.count() {
            let time = clients.insist(&mut cluster, node);
            assert!(time < 5 * SECOND, "seed {seed}: {time:?}");
        }
        assert_eq!(clients.judge(), Validity::Valid, "seed {seed}");
    }
}

/// Two nodes have what was acknowledged: one of them starts again, the other is cut off at once.
fn lost_majority(cluster: &mut Cluster<ReplicatedLists>, clients: &mut Clients) {
    cluster.isolate(2);
    clients.insist(cluster, 0);
    cluster.restart(1);
    cluster.isolate(0);
    operate(cluster, clients, 400);
}

#[test]
fn nobody_votes_without_memory() {
    let (mut cluster, mut clients) = three(Kv::Lists);
    cluster.isolate(2);
    clients.insist(&mut cluster, 0);
    let before = clients.served.len();
    lost_majority(&mut cluster, &mut clients);
    assert_eq!(clients.served.len(), before + 1);
}

/// What becomes of a message to a node if the network alters the node's packets.
fn alter(mut packet: impl FnMut(&str, &str, &mut Value) + 'static) -> Tamper {
    Box::new(move |_, line| {
        let mut message: Value = serde_json::from_str(&line).unwrap();
        let [src, dest] = ["src", "dest"].map(|end| message[end].as_str().unwrap().to_owned());
        packet(&src, &dest, &mut message["body"]);
        message.to_string()
    })
}

#[test]
fn nodes_that_vote_without_memory_are_found() {
    let (mut cluster, mut clients) = three(Kv::Lists);
    let mut lives = BTreeMap::new();
    // Who says hello becomes a member of the configuration that is there, as if it had been one all the time.
    cluster.tamper = Some(alter(move |src, dest, body| {
        let hello = body["hello"].clone();
        lives.insert(src.to_owned(), hello["life"].clone());
        if !hello["seen"].is_null() {
            let begin = json!({"lives": vec![lives[dest].clone(); 3], "state": null});
            let ordered = json!({"number": 0, "losses": 0});
            let log = json!({"id": hello["seen"], "begin": begin, "ordered": ordered, "loose": {}, "executed": 0});
            *body = json!({"type": "packet", "log": log});
        }
    }));
    lost_majority(&mut cluster, &mut clients);
    assert_eq!(clients.judge(), Validity::Invalid);
}

/// How many of 20 storms go wrong, or end in a panic.
fn found(tamper: impl Fn() -> Tamper + panic::RefUnwindSafe) -> usize {
    let is_wrong = |seed: &u64| {
        let judge = || storm::<ReplicatedLists>(Kv::Lists, *seed, Some(tamper())).judge();
        panic::catch_unwind(judge).map_or(true, |validity| validity == Validity::Invalid)
    };
    (0..20).filter(is_wrong).count()
}

#[test]
fn an_altered_network_alone_is_not_found() {
    assert_eq!(found(|| alter(|_, _, _| {})), 0);
}

#[test]
fn configurations_that_are_not_told_apart_are_found() {
    let tamper = || {
        let mut ids = BTreeMap::new();
        alter(move |src, dest, body| {
            if let Some(log) = body.get_mut("log") {
                ids.insert(src.to_owned(), log["id"].clone());
                log["id"] = ids.get(dest).cloned().unwrap_or_else(|| log["id"].clone());
            }
        })
    };
    let count = found(tamper);
    // Not where messages take no time: then none comes late.
    assert!(count > 5, "{count}");
}
