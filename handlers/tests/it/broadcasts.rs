//! Broadcast loses nothing that one living node has, whatever the network does, and does not depend on the coordinator.

use crate::cluster::{Cluster, Latency, storm};
use glomers_handlers::StarBroadcast;
use glomers_protocol::{
    Json,
    broadcast::{Broadcast, Read},
    rand::RngExt,
};
use std::{collections::BTreeSet, ops::Range, time::Duration};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const LATENCY: Latency = Latency::Constant(Duration::from_millis(100));

fn tell(cluster: &mut Cluster, node: usize, value: i64) {
    cluster.call(node, &Broadcast { message: Json::from(value) });
}

fn read(cluster: &mut Cluster, node: usize) -> BTreeSet<Json> {
    cluster.call(node, &Read {}).messages.into_iter().collect()
}

fn assert_knows(cluster: &mut Cluster, node: usize, values: &BTreeSet<Json>, when: &str) {
    let known = read(cluster, node);
    let missing: Vec<_> = values.difference(&known).collect();
    assert!(missing.is_empty(), "{when}: {missing:?} missing");
}

fn values(range: Range<i64>) -> BTreeSet<Json> {
    range.map(Json::from).collect()
}

fn every_value_reaches_every_node(seeds: u64) {
    for seed in 0..seeds {
        let mut expected = BTreeSet::new();
        let mut cluster = storm::<StarBroadcast>(seed, |cluster, node| {
            // Some values are given to several nodes.
            let value = cluster.rng.random_range(0..300);
            tell(cluster, node, value);
            expected.insert(Json::from(value));
        });
        for node in 0..cluster.count() {
            assert_eq!(read(&mut cluster, node), expected, "seed {seed}, node {node}");
        }
    }
}

fn what_one_living_node_has_survives_restarts(seeds: u64) {
    for seed in 0..seeds {
        let (mut safe, mut next) = (BTreeSet::new(), 0);
        let mut cluster = storm::<StarBroadcast>(seed, |cluster, node| {
            next += 1;
            tell(cluster, node, next);
            if cluster.rng.random_range(0..40) == 0 {
                cluster.restart(node);
                safe = (0..cluster.count()).flat_map(|node| read(cluster, node)).collect();
            } else {
                safe.insert(Json::from(next));
            }
        });
        let first = read(&mut cluster, 0);
        assert!(first.is_superset(&safe), "seed {seed}: {:?}", safe.difference(&first));
        for node in 0..cluster.count() {
            assert_eq!(read(&mut cluster, node), first, "seed {seed}, node {node}");
        }
    }
}

fn without_the_coordinator_the_others_hear_each_other(seeds: u64) {
    for seed in 0..seeds {
        let mut cluster = Cluster::new::<StarBroadcast>(seed, 5, LATENCY);
        for value in 0..300 {
            if value == 100 {
                cluster.isolate(0);
            }
            let node = cluster.rng.random_range(1..5);
            tell(&mut cluster, node, value);
            cluster.run(50 * MILLISECOND);
            // Ten seconds are 200 values: what is older than five seconds is known.
            let known = values(0..value - 100 + 1);
            for node in 1..5 {
                assert_knows(&mut cluster, node, &known, &format!("seed {seed}, node {node}, value {value}"));
            }
        }
        assert!(read(&mut cluster, 0).len() <= 100, "the coordinator is cut off");
        tell(&mut cluster, 0, 300);
        cluster.heal();
        cluster.run(5 * SECOND);
        for node in 0..5 {
            assert_eq!(read(&mut cluster, node), values(0..301), "seed {seed}, node {node}");
        }
    }
}

#[test]
fn once_the_coordinator_is_silent_a_value_takes_one_hop() {
    let mut cluster = Cluster::new::<StarBroadcast>(1, 5, LATENCY);
    cluster.isolate(0);
    tell(&mut cluster, 1, 0);
    cluster.run(5 * SECOND);
    tell(&mut cluster, 1, 1);
    cluster.run(101 * MILLISECOND);
    for node in 1..5 {
        assert_eq!(read(&mut cluster, node), values(0..2), "node {node}");
    }
}

#[test]
fn a_node_that_starts_again_gets_everything_back() {
    for restarted in 0..5 {
        let mut cluster = Cluster::new::<StarBroadcast>(1, 5, LATENCY);
        (0..2500).for_each(|value| tell(&mut cluster, 3, value));
        cluster.run(10 * SECOND);
        cluster.restart(restarted);
        cluster.run(3 * SECOND);
        assert_eq!(read(&mut cluster, restarted), values(0..2500), "node {restarted}");
    }
}

#[test]
fn a_node_that_starts_again_needs_no_coordinator() {
    for seed in 0..5 {
        let mut cluster = Cluster::new::<StarBroadcast>(seed, 5, LATENCY);
        (0..100).for_each(|value| tell(&mut cluster, 3, value));
        cluster.run(5 * SECOND);
        cluster.isolate(0);
        cluster.restart(4);
        cluster.run(10 * SECOND);
        assert_eq!(read(&mut cluster, 4), values(0..100), "seed {seed}");
    }
}

fn a_long_partition_drains_in_short_messages(seeds: u64) {
    for seed in 0..seeds {
        let isolated = [0, 2][usize::try_from(seed).unwrap()];
        let mut cluster = Cluster::new::<StarBroadcast>(1, 3, LATENCY);
        let longest = cluster.longest();
        cluster.isolate(isolated);
        for value in 0..20_000 {
            tell(&mut cluster, usize::try_from(value % 3).unwrap_or_default(), value);
            if value % 10 == 0 {
                cluster.run(10 * MILLISECOND);
            }
        }
        cluster.heal();
        cluster.run(10 * SECOND);
        for node in 0..3 {
            assert_eq!(read(&mut cluster, node).len(), 20_000, "node {node}, {isolated} was isolated");
        }
        // A value of this size has up to six characters with its comma.
        let longest = longest.take();
        assert!((1000..7000).contains(&longest), "a message has {longest} bytes");
    }
}

fn nodes_may_start_when_they_like(seeds: u64) {
    for seed in 0..seeds {
        let mut cluster = Cluster::new::<StarBroadcast>(seed, 7, LATENCY);
        for node in 0..7 {
            let pause = cluster.rng.random_range(0..700);
            cluster.run(pause * MILLISECOND);
            cluster.restart(node);
        }
        for value in 0..100 {
            let node = cluster.rng.random_range(0..7);
            tell(&mut cluster, node, value);
            cluster.run(20 * MILLISECOND);
            // 600 milliseconds are 30 values.
            for node in 0..7 {
                let known = values(0..value - 30 + 1);
                assert_knows(&mut cluster, node, &known, &format!("seed {seed}, node {node}, value {value}"));
            }
        }
    }
}

/// Kills one node at a time while clients go on, and returns how many values that were confirmed are not everywhere in
/// the end.
fn lost_by_kills(seed: u64) -> usize {
    let mut cluster = Cluster::new::<StarBroadcast>(seed, 5, Latency::Exponential(20 * MILLISECOND));
    let (mut told, mut shown, mut replies) = (0, BTreeSet::new(), Vec::new());
    cluster.run(SECOND);
    for _ in 0..6 {
        for _ in 0..150 {
            told += 1;
            let node = cluster.rng.random_range(0..5);
            let value = Json::from(told);
            replies.push((value.clone(), cluster.send(node, &Broadcast { message: value })));
            cluster.run(40 * MILLISECOND);
        }
        let node = cluster.rng.random_range(0..5);
        shown.extend(read(&mut cluster, node));
        cluster.restart(node);
    }
    cluster.run(20 * SECOND);
    let confirmed = replies.into_iter().filter(|(_, reply)| matches!(reply.take(), Some(Ok(_))));
    shown.extend(confirmed.map(|(value, _)| value));
    assert!(shown.len() > 800, "seed {seed}: {}", shown.len());
    (0..5).map(|node| shown.difference(&read(&mut cluster, node)).count()).max().unwrap_or_default()
}

fn what_a_node_without_a_disk_confirms_may_be_lost_with_it(seeds: u64) {
    assert!((0..seeds).map(lost_by_kills).sum::<usize>() > 0);
}

over_seeds! {
    every_value_reaches_every_node: 4, 40;
    what_one_living_node_has_survives_restarts: 4, 40;
    without_the_coordinator_the_others_hear_each_other: 1, 5;
    a_long_partition_drains_in_short_messages: 1, 2;
    nodes_may_start_when_they_like: 2, 10;
    what_a_node_without_a_disk_confirms_may_be_lost_with_it: 3, 10;
}
