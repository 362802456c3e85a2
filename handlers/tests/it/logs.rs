//! Logs: offsets are unique and grow, polls skip nothing, and finally every client sees every message.

use crate::cluster::{Cluster, Latency, storm};
use glomers_handlers::WatermarkLogs;
use glomers_protocol::{
    Json,
    kafka::{CommitOffsets, ListCommittedOffsets, OffsetMessage, Poll, Send},
    rand::RngExt,
};
use glomers_workbench::{
    Options, Validity,
    options::{Concurrency, Fault},
    simulate, workload,
};
use std::{collections::BTreeMap, time::Duration};

const KEYS: [&str; 3] = ["a", "b", "only n0 writes this"];

/// Messages by offset.
type Log = BTreeMap<i64, Json>;

/// The clients' knowledge.
#[derive(Default)]
struct Clients {
    /// Every message that was sent.
    logs: BTreeMap<String, Log>,
    /// The messages that the one client of each node has polled.
    polled: BTreeMap<(usize, String), Log>,
    /// The highest offset that each node's client knows, by sending or polling.
    highest: BTreeMap<(usize, String), i64>,
    committed: BTreeMap<String, i64>,
    messages: i64,
}

impl Clients {
    fn operate(&mut self, cluster: &mut Cluster, node: usize) {
        match cluster.rng.random_range(0..3) {
            0 => self.poll(cluster, node),
            _ => self.send(cluster, node),
        }
    }

    fn send(&mut self, cluster: &mut Cluster, node: usize) {
        let keys = if node == 0 { &KEYS[..] } else { &KEYS[..2] };
        let key = keys[cluster.rng.random_range(0..keys.len())].to_owned();
        self.messages += 1;
        let msg = Json::from(self.messages);
        let offset = cluster.call(node, &Send { key: key.clone(), msg: msg.clone() }).offset;
        let before = self.highest.insert((node, key.clone()), offset);
        assert!(before.is_none_or(|before| before < offset), "offsets grow for each client");
        let taken = self.logs.entry(key).or_default().insert(offset, msg);
        assert_eq!(taken, None, "no two messages have one offset");
    }

    /// Goes on where the last poll ended, and commits.
    fn poll(&mut self, cluster: &mut Cluster, node: usize) {
        let next = |key: &str| {
            let polled = self.polled.get(&(node, key.to_owned()));
            polled.and_then(Log::last_key_value).map_or(0, |(last, _)| last + 1)
        };
        let offsets = KEYS.map(|key| (key.to_owned(), next(key))).into();
        for (key, messages) in cluster.call(node, &Poll { offsets }).msgs {
            let polled = self.polled.entry((node, key.clone())).or_default();
            for OffsetMessage((offset, msg)) in messages {
                assert!(polled.last_key_value().is_none_or(|(last, _)| *last < offset), "polls go forward");
                polled.insert(offset, msg);
            }
            let Some((last, _)) = polled.last_key_value() else { continue };
            let highest = self.highest.entry((node, key.clone())).or_default();
            *highest = (*highest).max(*last);
            cluster.call(node, &CommitOffsets { offsets: [(key.clone(), *last)].into() });
            let committed = self.committed.entry(key).or_default();
            *committed = (*committed).max(*last);
        }
    }
}

fn polls_skip_nothing_and_end_with_everything(seeds: u64) {
    for seed in 0..seeds {
        let mut clients = Clients::default();
        let mut cluster = storm::<WatermarkLogs>(seed, |cluster, node| clients.operate(cluster, node));
        for node in 0..cluster.count() {
            let request = ListCommittedOffsets { keys: KEYS.map(str::to_owned).into() };
            assert_eq!(cluster.call(node, &request).offsets, clients.committed, "seed {seed}, node {node}");
        }
        for node in 0..cluster.count() {
            // What was polled before must be how the log begins: the rest of it comes now, and nothing in between.
            clients.poll(&mut cluster, node);
            for (key, log) in &clients.logs {
                assert_eq!(clients.polled.get(&(node, key.clone())), Some(log), "seed {seed}, node {node}, key {key}");
            }
        }
    }
}

#[test]
fn a_message_is_seen_everywhere_after_two_ticks_and_two_latencies() {
    for (count, tick) in [(1, 0), (2, 50), (3, 100), (5, 200)] {
        let mut cluster = Cluster::new::<WatermarkLogs>(1, count, Latency::Constant(Duration::from_millis(10)));
        cluster.call(0, &Send { key: "k".to_owned(), msg: Json::from(7) });
        cluster.run(Duration::from_millis(2 * tick + 2 * 10));
        for node in 0..count {
            let polled = cluster.call(node, &Poll { offsets: [("k".to_owned(), 0)].into() }).msgs;
            assert_eq!(polled["k"].len(), 1, "node {node} of {count}");
        }
    }
}

#[test]
fn a_slow_network_is_not_flooded() {
    let mut cluster = Cluster::new::<WatermarkLogs>(1, 2, Latency::Constant(Duration::from_millis(200)));
    let before = cluster.simulation.messages();
    for number in 0..1000 {
        cluster.call(number % 2, &Send { key: "k".to_owned(), msg: Json::from(number) });
        cluster.run(Duration::from_millis(10));
    }
    // Each batch waits for the answer to the one before, four ticks of 50 ms at least.
    let between_nodes = cluster.simulation.messages() - before - 2 * 1000;
    assert!(between_nodes <= 100, "{between_nodes} messages in ten seconds");
}

#[test]
fn what_is_not_there_is_left_out() {
    let mut cluster = Cluster::new::<WatermarkLogs>(1, 1, Latency::Constant(Duration::ZERO));
    let offset = cluster.call(0, &Send { key: "k".to_owned(), msg: Json::null() }).offset;
    for (key, from) in [("k", offset + 1), ("k", i64::MAX), ("other", 0)] {
        assert!(cluster.call(0, &Poll { offsets: [(key.to_owned(), from)].into() }).msgs.is_empty());
    }
    assert!(cluster.call(0, &ListCommittedOffsets { keys: vec!["k".to_owned()] }).offsets.is_empty());
    for committed in [5, 3] {
        cluster.call(0, &CommitOffsets { offsets: [("k".to_owned(), committed)].into() });
        assert_eq!(cluster.call(0, &ListCommittedOffsets { keys: vec!["k".to_owned()] }).offsets["k"], 5);
    }
}

/// Challenge 5c, but for the number of nodes and the partitions.
fn five_nodes_do_as_two(seeds: u64) {
    for seed in 0..seeds {
        let options = Options::default()
            .node_count(5)
            .seed(seed)
            .rate(1000.0)
            .time_limit(Duration::from_secs(20))
            .concurrency(Concurrency::PerNode(2))
            .nemesis(vec![Fault::Partition])
            .nemesis_interval(Duration::from_secs(4));
        let report = simulate::<WatermarkLogs>(workload::named("kafka").unwrap(), &options).unwrap();
        assert_eq!(report.valid(), Validity::Valid, "seed {seed}: {report}");
        // Commits are part of polls, and asking for them is part of assignments.
        for f in ["send", "poll", "assign"] {
            let counts = report.judgement.stats.by_f[f].counts;
            assert_eq!((counts.fail_count, counts.info_count), (0, 0), "seed {seed}, {f}: {report}");
        }
        let messages = report.server_messages_per_operation().unwrap();
        assert!(messages <= 0.15, "seed {seed}: {messages} messages per operation");
    }
}

over_seeds! {
    polls_skip_nothing_and_end_with_everything: 8, 40;
    five_nodes_do_as_two: -, 3;
}
