//! Restarts with empty memory: ids stay unique, and data in a feed still reaches every node, whether the node had sent
//! it before its restart or received it afterwards.

use crate::cluster::{Cluster, Latency};
use glomers_handlers::{GCounter, LastWriterWins, PnCounter, PrefixedIds, SetUnion, WatermarkLogs};
use glomers_protocol::{
    Handler, Json, Node, g_counter, g_set,
    kafka::{self, OffsetMessage},
    pn_counter,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    time::Duration,
};

const INIT: &str = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
const GENERATE: &str = r#"{"src":"c1","dest":"n1","body":{"type":"generate","msg_id":2}}"#;

/// The ids that a node gives between two starts.
fn ids(seed: u64) -> BTreeSet<String> {
    let mut node = Node::new::<PrefixedIds>(seed);
    let mut ids = BTreeSet::new();
    for line in std::iter::once(INIT).chain([GENERATE; 100]) {
        node.deliver(line.as_bytes(), Duration::ZERO).unwrap();
    }
    node.drain(|_, line| {
        if let Some((_, id)) = line.split_once(r#""id":"#) {
            ids.insert(id.to_owned());
        }
    });
    ids
}

#[test]
fn ids_are_unique_across_restarts() {
    let all: BTreeSet<_> = (0..50).flat_map(ids).collect();
    assert_eq!(all.len(), 50 * 100);
}

/// Gives each of three nodes values, before and after each is started again, and returns what each has in the end.
fn told<H: Handler, T>(tell: impl Fn(&mut Cluster, usize, i64), read: impl Fn(&mut Cluster, usize) -> T) -> [T; 3] {
    let latency = Latency::Constant(Duration::from_millis(20));
    let mut cluster = Cluster::new::<H>(1, 3, latency);
    cluster.run(Duration::from_secs(2));
    for round in 0..10 {
        for node in 0..3 {
            tell(&mut cluster, node, round * 3 + i64::try_from(node).unwrap());
        }
        cluster.run(Duration::from_secs(2));
        cluster.restart(usize::try_from(round % 3).unwrap());
        cluster.run(Duration::from_millis(500));
    }
    cluster.run(Duration::from_secs(5));
    [0, 1, 2].map(|node| read(&mut cluster, node))
}

#[track_caller]
fn everybody_has<T: Debug + PartialEq>(had: [T; 3], expected: &T) {
    had.iter().for_each(|had| assert_eq!(had, expected));
}

#[test]
fn sets_lose_nothing_that_was_told() {
    let tell = |cluster: &mut Cluster, node, value| {
        cluster.call(node, &g_set::Add { element: Json::from(value) });
    };
    let had = told::<SetUnion, _>(tell, |cluster, node| cluster.call(node, &g_set::Read {}).value.len());
    everybody_has(had, &30);
}

#[test]
fn counters_lose_nothing_that_was_told() {
    let tell = |cluster: &mut Cluster, node, delta| {
        cluster.call(node, &g_counter::Add { delta });
    };
    everybody_has(
        told::<GCounter, _>(tell, |cluster, node| cluster.call(node, &g_counter::Read {}).value),
        &(0..30).sum(),
    );
    let tell = |cluster: &mut Cluster, node, delta: i64| {
        cluster.call(node, &pn_counter::Add { delta: -delta });
    };
    everybody_has(
        told::<PnCounter, _>(tell, |cluster, node| cluster.call(node, &pn_counter::Read {}).value),
        &(-29..1).sum(),
    );
}

#[test]
fn logs_lose_nothing_that_was_told() {
    let tell = |cluster: &mut Cluster, node, value| {
        cluster.call(node, &kafka::Send { key: "k".to_owned(), msg: Json::from(value) });
    };
    let had = told::<WatermarkLogs, _>(tell, |cluster, node| {
        let poll = kafka::Poll { offsets: BTreeMap::from([("k".to_owned(), 0)]) };
        let msgs = cluster.call(node, &poll).msgs.remove("k").unwrap_or_default();
        BTreeSet::from_iter(msgs.into_iter().map(|OffsetMessage((_, msg))| msg))
    });
    everybody_has(had, &(0..30).map(Json::from).collect());
}

#[test]
fn registers_lose_nothing_that_was_told() {
    let tell = |cluster: &mut Cluster, node, value: i64| {
        let write = MicroOp::Write { key: Json::from(value % 5), value: Json::from(value) };
        cluster.call(node, &Txn { txn: vec![write] });
    };
    let had = told::<LastWriterWins, _>(tell, |cluster, node| {
        let read = |key: i64| MicroOp::Read { key: Json::from(key) };
        let completed = cluster.call(node, &Txn { txn: (0..5).map(read).collect() }).txn;
        let value =
            |step: CompletedMicroOp| if let CompletedMicroOp::Read { value, .. } = step { value } else { Json::null() };
        completed.into_iter().map(value).collect::<Vec<_>>()
    });
    everybody_has(had, &(25..30).map(Json::from).collect());
}
