//! Counters count every addition once on any network.

use crate::cluster::{Cluster, Latency, storm};
use glomers_handlers::{GCounter, PnCounter};
use glomers_protocol::{Handler, Node, g_counter, pn_counter, rand::RngExt};
use std::time::Duration;

fn a_counter_that_grows(seeds: u64) {
    for seed in 0..seeds {
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

fn a_counter_that_grows_and_shrinks(seeds: u64) {
    for seed in 0..seeds {
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

fn nodes_agree_a_second_after_a_partition(seeds: u64) {
    for seed in 0..seeds {
        let mut cluster = Cluster::new::<PnCounter>(seed, 3, Latency::Constant(Duration::from_millis(100)));
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

/// The answers to these bodies, of one node that is alone.
fn answers<H: Handler>(bodies: &[String]) -> Vec<String> {
    let mut node = Node::new::<H>(0);
    let init = r#""type": "init", "node_id": "n0", "node_ids": ["n0"]"#.to_owned();
    for (msg_id, body) in [init].iter().chain(bodies).enumerate() {
        let line = format!(r#"{{"src": "c1", "dest": "n0", "body": {{"msg_id": {msg_id}, {body}}}}}"#);
        node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    }
    let mut answers = Vec::new();
    node.drain(|_, line| answers.push(line.to_owned()));
    answers.split_off(1)
}

#[test]
fn a_counter_that_grows_takes_nothing_negative() {
    let answers = answers::<GCounter>(&[r#""type": "add", "delta": -1"#.to_owned()]);
    assert!(answers[0].contains(r#""code":12"#), "{answers:?}");
}

#[test]
fn a_counter_refuses_what_it_cannot_hold() {
    let add = |delta: i64| format!(r#""type": "add", "delta": {delta}"#);
    let read = || r#""type": "read""#.to_owned();
    let check = |answers: Vec<String>, expected: &[&str]| {
        assert_eq!(answers.len(), expected.len());
        for (answer, expected) in answers.iter().zip(expected) {
            assert!(answer.contains(expected), "{expected}: {answer}");
        }
    };
    let (aborted, largest) = (r#""code":14"#, r#""value":9223372036854775807"#);
    let bodies = [add(i64::MAX), read(), add(1), read(), add(0), read()];
    check(answers::<GCounter>(&bodies), &["add_ok", largest, aborted, largest, "add_ok", largest]);
    let bodies = [add(i64::MAX), add(1), read(), add(-1), add(i64::MIN), add(i64::MIN), read()];
    check(answers::<PnCounter>(&bodies), &["add_ok", aborted, largest, "add_ok", "add_ok", aborted, r#""value":-2"#]);
}

over_seeds! {
    a_counter_that_grows: 8, 40;
    a_counter_that_grows_and_shrinks: 8, 40;
    nodes_agree_a_second_after_a_partition: 8, 40;
}
