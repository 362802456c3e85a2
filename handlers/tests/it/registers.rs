//! Registers: a transaction is visible as a whole or not at all, values never go back, and finally all nodes agree.

use crate::cluster::{Cluster, Latency, storm};
use crate::judge::torn_reads;
use glomers_handlers::LastWriterWins;
use glomers_protocol::{
    Json,
    rand::RngExt,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn},
};
use glomers_workbench::{
    Options, Validity,
    options::{Availability, Concurrency, Fault},
    simulate, workload,
};
use std::{collections::BTreeSet, time::Duration};

/// Keys of any JSON kind.
fn keys() -> [Json; 3] {
    [Json::from(1), Json::from("x"), Json::new(&("y", ()))]
}

fn write_all(value: u64) -> impl Iterator<Item = MicroOp> {
    keys().into_iter().map(move |key| MicroOp::Write { key, value: Json::from(value) })
}

fn read_all() -> impl Iterator<Item = MicroOp> {
    keys().into_iter().map(|key| MicroOp::Read { key })
}

/// Runs a transaction and returns what it read.
fn reads(cluster: &mut Cluster, node: usize, steps: impl Iterator<Item = MicroOp>) -> Vec<Json> {
    let steps = cluster.call(node, &Txn { txn: steps.collect() }).txn;
    let read = |step| match step {
        CompletedMicroOp::Read { value, .. } => Some(value),
        CompletedMicroOp::Write { .. } => None,
    };
    steps.into_iter().filter_map(read).collect()
}

/// The one value that all keys have.
fn snapshot(cluster: &mut Cluster, node: usize) -> Json {
    let values = reads(cluster, node, read_all());
    assert!(values.iter().all(|value| *value == values[0]), "a transaction seen in part: {values:?}");
    values[0].clone()
}

fn transactions_are_atomic_and_replicas_converge(seeds: u64) {
    for seed in 0..seeds {
        let mut written = 0;
        // For each node the values that it has shown, and the one that it shows.
        let mut shown = vec![(BTreeSet::new(), Json::null()); 5];
        let mut cluster = storm::<LastWriterWins>(seed, |cluster, node| {
            let value = snapshot(cluster, node);
            let (past, present) = &mut shown[node];
            if *present != value {
                assert!(past.insert(present.clone()) && !past.contains(&value), "seed {seed}: {value} is back");
                *present = value;
            }
            if cluster.rng.random() {
                // Written twice: the first of them is nobody else's business.
                written += 2;
                let steps = write_all(written - 1).chain(read_all()).chain(write_all(written)).chain(read_all());
                let expected = [written - 1, written].map(|value| [0; 3].map(|_| Json::from(value))).concat();
                assert_eq!(reads(cluster, node, steps), expected, "seed {seed}: a transaction sees its own writes");
            }
        });
        let values: BTreeSet<Json> = (0..cluster.count()).map(|node| snapshot(&mut cluster, node)).collect();
        assert_eq!(values.len(), 1, "seed {seed}");
        let value: u64 = values.first().unwrap().decode().unwrap();
        assert!(value > 0 && value.is_multiple_of(2), "seed {seed}: an intermediate value {value}");
    }
}

#[test]
fn a_write_that_follows_a_read_wins_over_what_was_read() {
    let mut cluster = Cluster::new::<LastWriterWins>(1, 2, Latency::Constant(Duration::from_millis(10)));
    for value in 1..=50 {
        reads(&mut cluster, 1, write_all(value));
    }
    cluster.run(Duration::from_secs(1));
    assert_eq!(snapshot(&mut cluster, 0), Json::from(50));
    // Node 0 has written nothing so far; its clock is that of node 1 nevertheless.
    reads(&mut cluster, 0, write_all(51));
    cluster.run(Duration::from_secs(1));
    assert_eq!([0, 1].map(|node| snapshot(&mut cluster, node)), [Json::from(51), Json::from(51)]);
}

/// The requirement of challenge 6c with five nodes instead of two, and no read of a part of a transaction.
fn five_nodes_tear_nothing_apart_and_are_available(seeds: u64) {
    for seed in 0..seeds {
        let options = Options::default()
            .node_count(5)
            .seed(seed)
            .rate(250.0)
            .time_limit(Duration::from_secs(10))
            .concurrency(Concurrency::PerNode(2))
            .consistency_models(vec!["read-committed".to_owned()])
            .max_writes_per_key(4)
            .availability(Some(Availability::Total))
            .nemesis(vec![Fault::Partition])
            .nemesis_interval(Duration::from_secs(2));
        let report = simulate::<LastWriterWins>(workload::named("txn-rw-register").unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
        assert_eq!(torn_reads(&report), 0, "seed {seed}");
    }
}

over_seeds! {
    transactions_are_atomic_and_replicas_converge: 4, 40;
    five_nodes_tear_nothing_apart_and_are_available: 1, 10;
}
