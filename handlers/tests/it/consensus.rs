//! The replicated log and its users: linearizable and strictly serializable on every network, available to nodes that
//! hear a majority, and without loss of acknowledged commands. Faulty nodes are found.

use crate::{
    cluster::{Cluster, Latency as Delay},
    explored, wrong,
};
use glomers_handlers::{ReplicatedLists, ReplicatedMap, replicated_log::MAX_RETAINED};
use glomers_protocol::{
    CallError, Context, Handler, IntoHandler, Json,
    rand::RngExt,
    txn_list_append::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use glomers_workbench::{
    Options, Report, Validity,
    history::{Kind, Process},
    options::{Concurrency, Distribution, Fault, Latency},
    simulate, simulate_with,
    simulation::Reply,
    workload,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

/// A run of ten seconds with partitions. Seeds differ in size and, if there is any latency, in its distribution.
fn options(seed: u64, latency: u64) -> Options {
    let exponential = Latency { mean: Duration::from_millis(latency), distribution: Distribution::Exponential };
    Options::default()
        .node_count(if seed.is_multiple_of(2) { 3 } else { 5 })
        .seed(seed)
        .latency(exponential)
        .rate(20.0)
        .time_limit(Duration::from_secs(10))
        .concurrency(Concurrency::PerNode(2))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(2))
}

/// Checks that no run is invalid, and that at least this percentage of all operations succeeds. In a single run it may
/// be none: in one kind of partition each of three nodes hears one other node and is heard by the third.
fn check<H: Handler>(name: &str, latency: u64, percentage: usize, seeds: u64) {
    let (mut ok, mut count) = (0, 0);
    for seed in 0..seeds {
        let report = simulate::<H>(workload::named(name).unwrap(), &options(seed, latency)).unwrap();
        let context = format!("{name}, seed {seed}, {latency} ms: {report}");
        assert_ne!(report.judgement.verdict.valid, Validity::Invalid, "{context}");
        assert!(report.violations.is_empty(), "{context}");
        (ok, count) = (ok + report.judgement.stats.all.ok_count, count + report.judgement.stats.all.count);
    }
    assert!(ok * 100 >= count * percentage, "{name}, {latency} ms: {ok} of {count}");
}

// A quarter of the operations on the map must fail, because they expect a value that is not there.
fn the_map_is_linearizable(seeds: u64) {
    check::<ReplicatedMap>("lin-kv", 0, 50, seeds);
}

fn the_map_is_linearizable_over_a_slow_network(seeds: u64) {
    check::<ReplicatedMap>("lin-kv", 100, 30, seeds);
}

fn transactions_are_strict_serializable(seeds: u64) {
    check::<ReplicatedLists>("txn-list-append", 0, 90, seeds);
}

fn transactions_are_strict_serializable_over_a_slow_network(seeds: u64) {
    check::<ReplicatedLists>("txn-list-append", 100, 80, seeds);
}

#[test]
fn one_node_agrees_with_itself() {
    for name in ["lin-kv", "txn-list-append"] {
        let options = options(0, 0).node_count(1);
        let report = match name {
            "lin-kv" => simulate::<ReplicatedMap>(workload::named(name).unwrap(), &options),
            _ => simulate::<ReplicatedLists>(workload::named(name).unwrap(), &options),
        };
        let report = report.unwrap();
        assert_eq!(report.valid(), Validity::Valid, "{report}");
        assert_eq!(report.net.servers.send_count, 0);
    }
}

/// The numbers of operations that succeeded in each partition, of those that ended in it at least 2.5 s after its
/// beginning. A partition that leaves less than 1 s for that does not count. Neither does one before the cluster has
/// started, as all nodes must hear each other to start.
fn served_in_partitions(report: &Report) -> Vec<(usize, usize)> {
    let (nemesis, clients): (Vec<_>, Vec<_>) =
        report.history.ops().iter().partition(|op| op.process == Process::Nemesis);
    let flips: Vec<_> = nemesis.iter().step_by(2).map(|op| op.time).collect();
    let partitions = flips.chunks_exact(2).map(|flip| flip[0] + Duration::from_millis(2500)..flip[1]);
    let first = clients.iter().find(|op| op.kind == Kind::Ok).map_or(Duration::MAX, |op| op.time);
    let partitions = partitions.filter(|partition| partition.start > first + Duration::from_millis(2500));
    let long = partitions.filter(|partition| partition.end > partition.start + Duration::from_secs(1));
    let count = |partition: Range<Duration>| {
        let ended = clients.iter().filter(|op| op.kind != Kind::Invoke && partition.contains(&op.time));
        (ended.clone().filter(|op| op.kind == Kind::Ok).count(), ended.count())
    };
    long.map(count).collect()
}

fn those_who_hear_a_majority_are_served(seeds: u64) {
    let (mut ok, mut count) = (0, 0);
    for seed in 0..seeds {
        let (nemesis_interval, time_limit) = (Duration::from_secs(6), Duration::from_secs(30));
        let options = options(seed, 0).node_count(5).nemesis_interval(nemesis_interval).time_limit(time_limit);
        let report = simulate::<ReplicatedLists>(workload::named("txn-list-append").unwrap(), &options).unwrap();
        for (served, ended) in served_in_partitions(&report) {
            assert!(served > 0, "seed {seed}: none of {ended} operations in a partition: {report}");
            (ok, count) = (ok + served, count + ended);
        }
    }
    assert!(ok * 100 > count * 90, "{ok} of {count} operations");
}

/// The clients' knowledge of one list.
#[derive(Default)]
struct Clients {
    appended: i64,
    /// The requests without a reply.
    open: BTreeMap<i64, Reply<Txn>>,
    /// The elements that may be in the list, those that must be, and those that must not.
    possible: BTreeSet<i64>,
    acknowledged: BTreeSet<i64>,
    refused: BTreeSet<i64>,
    /// The longest list that was read.
    list: Vec<i64>,
}

impl Clients {
    /// Appends a number of its own and reads the list.
    fn append(&mut self, cluster: &mut Cluster, node: usize) {
        self.appended += 1;
        self.possible.insert(self.appended);
        let key = Json::from("k");
        let value = Json::from(self.appended);
        let txn = vec![MicroOp::Append { key: key.clone(), value }, MicroOp::Read { key }];
        self.open.insert(self.appended, cluster.send(node, &Txn { txn }));
    }

    /// Checks that every list that was read is a prefix of the longer ones, so that all nodes have one order.
    fn hear(&mut self, seed: u64) {
        let replies: Vec<_> = self.open.iter().filter_map(|(number, reply)| Some((*number, reply.take()?))).collect();
        for (number, reply) in replies {
            self.open.remove(&number);
            let txn = match reply {
                Ok(TxnOk { txn }) => txn,
                Err(CallError::Rpc(error)) => {
                    if error.code.is_definite() {
                        self.refused.insert(number);
                    }
                    continue;
                }
                Err(CallError::Timeout { .. }) => continue,
                Err(error) => panic!("seed {seed}: {error}"),
            };
            self.acknowledged.insert(number);
            let [_, CompletedMicroOp::Read { value: Some(list), .. }] = &txn[..] else { panic!("{txn:?}") };
            let list: Vec<i64> = list.iter().map(|value| value.decode().unwrap()).collect();
            assert_eq!(list.last(), Some(&number), "seed {seed}");
            assert!(list.iter().zip(&self.list).all(|(one, other)| one == other), "seed {seed}: two orders");
            if list.len() > self.list.len() {
                self.list = list;
            }
        }
    }
}

fn a_bad_network_reorders_repeats_and_loses_nothing(seeds: u64) {
    for seed in 0..seeds {
        let mean = Duration::from_millis([0, 5, 20, 60][usize::try_from(seed / 2 % 4).unwrap()]);
        let latency = if seed % 2 == 0 { Delay::Constant(mean) } else { Delay::Exponential(mean) };
        let count = usize::try_from(seed % 5 + 1).unwrap();
        let mut cluster = Cluster::new::<ReplicatedLists>(seed, count, latency);
        let mut clients = Clients::default();
        for second in 0..20 {
            match second % 5 {
                0 => cluster.set_noise(0.1),
                1 | 3 => cluster.partition(),
                _ => cluster.heal(),
            }
            for _ in 0..20 {
                let node = cluster.rng.random_range(0..count);
                clients.append(&mut cluster, node);
                cluster.run(Duration::from_millis(50));
                clients.hear(seed);
            }
        }
        cluster.heal();
        cluster.run(Duration::from_secs(10));
        clients.hear(seed);
        let before = clients.acknowledged.len();
        for node in 0..count {
            clients.append(&mut cluster, node);
            cluster.run(Duration::from_secs(1));
        }
        clients.hear(seed);
        assert_eq!(clients.acknowledged.len(), before + count, "seed {seed}: all nodes are back");
        assert!(before > 100, "seed {seed}: {before}");
        let list: BTreeSet<i64> = clients.list.iter().copied().collect();
        assert_eq!(list.len(), clients.list.len(), "seed {seed}: twice");
        assert!(clients.acknowledged.is_subset(&list), "seed {seed}: lost");
        assert!(list.is_subset(&clients.possible) && list.is_disjoint(&clients.refused), "seed {seed}: refused");
    }
}

#[test]
fn what_all_nodes_have_executed_is_cut_off_the_log() {
    // It differs from the correct handler only in that its log can be inspected.
    let mut cluster = Cluster::new::<wrong::TornLists>(1, 3, Delay::Constant(Duration::from_millis(1)));
    cluster.run(Duration::from_secs(1));
    let (txn, count) = (Txn { txn: vec![MicroOp::Read { key: Json::from(1) }] }, MAX_RETAINED * 5 / 4);
    let mut replies = Vec::new();
    for number in 0..count {
        replies.push(cluster.send(number % 3, &txn));
        cluster.run(Duration::from_millis(3));
    }
    cluster.run(Duration::from_secs(1));
    assert!(replies.iter().all(|reply| matches!(reply.take(), Some(Ok(_)))));
    for node in 0..3 {
        let stored = cluster.handler::<wrong::TornLists>(node).0.stored();
        assert!(stored <= MAX_RETAINED, "node {node}: {stored}");
    }
}

/// Checks that the checker finds a faulty node. Operations that merely fail do not count.
fn found<H: Handler, M: IntoHandler<H>>(name: &str, seeds: u64, make: impl Fn(&Context) -> M + Clone + 'static) {
    let judge = |seed| {
        simulate_with(workload::named(name).unwrap(), &options(seed, 10), make.clone()).unwrap().judgement.verdict.valid
    };
    let count = (0..seeds).filter(|seed| judge(*seed) == Validity::Invalid).count() as u64;
    assert!(count + 1 >= seeds, "{name}: found on {count} of {seeds} seeds");
}

fn a_map_that_answers_without_the_log_is_found(seeds: u64) {
    found("lin-kv", seeds, wrong::LocalMap::init);
    found("lin-kv", seeds, wrong::EagerMap::init);
}

fn a_map_that_compares_nothing_is_found(seeds: u64) {
    found("lin-kv", seeds, wrong::CarelessMap::init);
}

fn lists_that_are_not_replicated_in_one_order_are_found(seeds: u64) {
    found("txn-list-append", seeds, wrong::EagerLists::init);
}

fn transactions_that_are_executed_in_parts_are_found(seeds: u64) {
    found("txn-list-append", seeds, wrong::TornLists::init);
}

fn transactions_that_are_executed_twice_are_found(seeds: u64) {
    found("txn-list-append", seeds, wrong::TwiceLists::init);
}

#[test]
#[ignore = "takes half a minute"]
fn exploration_finds_nodes_that_answer_without_the_log() {
    let bounds = explored::small().operations(5);
    explored::found("lin-kv", "LocalMap", &bounds, wrong::LocalMap::init);
    explored::found("lin-kv", "EagerMap", &bounds, wrong::EagerMap::init);
    explored::found("txn-list-append", "EagerLists", &bounds, wrong::EagerLists::init);
}

/// A leader is elected first.
#[test]
fn exploration_finds_wrong_users_of_the_log() {
    let bounds = explored::small().warm_up(Duration::from_secs(1));
    explored::right("lin-kv", &bounds.clone().node_count(3), ReplicatedMap::init);
    explored::found("lin-kv", "CarelessMap", &bounds, wrong::CarelessMap::init);
    explored::found("txn-list-append", "TornLists", &bounds, wrong::TornLists::init);
    explored::found("txn-list-append", "TwiceLists", &bounds, wrong::TwiceLists::init);
}

over_seeds! {
    the_map_is_linearizable: 2, 60;
    the_map_is_linearizable_over_a_slow_network: 2, 60;
    transactions_are_strict_serializable: 2, 60;
    transactions_are_strict_serializable_over_a_slow_network: 2, 60;
    those_who_hear_a_majority_are_served: 3, 20;
    a_bad_network_reorders_repeats_and_loses_nothing: 2, 30;
    a_map_that_answers_without_the_log_is_found: 3, 10;
    a_map_that_compares_nothing_is_found: 3, 10;
    lists_that_are_not_replicated_in_one_order_are_found: 3, 10;
    transactions_that_are_executed_in_parts_are_found: 3, 10;
    transactions_that_are_executed_twice_are_found: 3, 10;
}
