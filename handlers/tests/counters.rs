//! Counters count every addition once, whatever the network does.

mod cluster;

use cluster::{Cluster, Latency, SEEDS, storm};
use glomers_handlers::{GCounter, PnCounter};
use glomers_protocol::{Node, g_counter, pn_counter, rand::RngExt};
use std::time::Duration;

#[test]
fn a_counter_that_grows() {
    for seed in 0..SEEDS {
        let (mut expected, mut last) = (0, [0; 5]);
        let mut cluster = storm::<GCounter>(seed, |cluster, node| {
            let delta = cluster.rng.random_range(0..5);
            expected += delta;
            cluster.call(node, &g_counter::Add { delta });
            let value = cluster.call(node, &g_counter::Read {}).value;
            assert!((last[node] + delta..=expected).contains(&value), "seed {seed}");
            last[node] = value;
        });
        for node in 0..cluster.count() {
            assert_eq!(cluster.call(node, &g_counter::Read {}).value, expected, "seed {seed}, node {node}");
        }
    }
}

#[test]
fn a_counter_that_grows_and_shrinks() {
    for seed in 0..SEEDS {
        let mut expected = 0;
        let mut cluster = storm::<PnCounter>(seed, |cluster, node| {
            let delta = cluster.rng.random_range(-5..5);
            expected += delta;
            cluster.call(node, &pn_counter::Add { delta });
        });
        for node in 0..cluster.count() {
            assert_eq!(cluster.call(node, &pn_counter::Read {}).value, expected, "seed {seed}, node {node}");
        }
    }
}

#[test]
fn nodes_agree_a_second_after_a_partition() {
    for seed in 0..SEEDS {
        let mut cluster = Cluster::<PnCounter>::new(seed, 3, Latency::Constant(Duration::from_millis(100)));
        cluster.partition();
        for number in 0..100 {
            cluster.call(number % 3, &pn_counter::Add { delta: 1 });
            let pause = cluster.rng.random_range(0..60);
            cluster.run(Duration::from_millis(pause));
        }
        cluster.heal();
        cluster.run(Duration::from_secs(1));
        assert_eq!([0, 1, 2].map(|node| cluster.call(node, &pn_counter::Read {}).value), [100; 3], "seed {seed}");
    }
}

#[test]
fn a_counter_that_grows_takes_nothing_negative() {
    let mut node = Node::<GCounter>::new(0);
    for body in [
        r#"{"type": "init", "msg_id": 1, "node_id": "n0", "node_ids": ["n0"]}"#,
        r#"{"type": "add", "msg_id": 2, "delta": -1}"#,
    ] {
        let line = format!(r#"{{"src": "c1", "dest": "n0", "body": {body}}}"#);
        node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    }
    let mut answers = Vec::new();
    node.drain(|_, line| answers.push(line.to_owned()));
    assert!(answers[1].contains(r#""code":12"#), "{answers:?}");
}
