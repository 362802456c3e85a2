//! Nodes with a disk: whatever is killed, and whenever, nothing that a client knows is lost, and every node serves
//! again. Damage of a disk is noticed.

use glomers_handlers::{GCounter, LastWriterWins, PnCounter, SetUnion, StarBroadcast, WatermarkLogs};
use glomers_protocol::{Handler, Json, MemoryStorage, Node, g_counter, g_set};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Concurrency, DiskUse, Distribution, Fault, Latency},
    simulate,
    simulation::Simulation,
    soak, workload,
};
use std::{cell::Cell, rc::Rc, time::Duration};

/// Clusters of one to five nodes, whose disks take 1 to 41 ms for a sync.
fn options(seed: u64, faults: &[Fault]) -> Options {
    Options::default()
        .node_count(usize::try_from(seed % 5 + 1).unwrap())
        .seed(seed)
        .latency(Latency { mean: Duration::from_millis(seed % 4 * 10), distribution: Distribution::Exponential })
        .disk_latency(Duration::from_millis(1 + seed % 3 * 20))
        .rate(20.0)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(Duration::from_secs(20))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(2 + seed % 3))
        .liveness(true)
        // What challenge 6c asks of transactions; it has no meaning elsewhere.
        .consistency_models(vec!["read-committed".to_owned()])
}

fn report<H: Handler>(name: &str, seed: u64, faults: &[Fault]) -> Report {
    simulate::<H>(workload::named(name).unwrap(), &options(seed, faults)).unwrap()
}

fn survives<H: Handler>(name: &str, seed: u64, faults: &[Fault]) {
    let report = report::<H>(name, seed, faults);
    // Undecided is a test in which hardly any operation could succeed.
    assert_ne!(soak::verdict(&report), Validity::Invalid, "{name}, seed {seed}, {faults:?}: {report}");
    assert_eq!(report.judgement.liveness(), Validity::Valid, "{name}, seed {seed}, {faults:?}: {report}");
}

fn all_survive(seeds: u64, faults: &[Fault]) {
    for seed in 0..seeds {
        survives::<SetUnion>("g-set", seed, faults);
        survives::<GCounter>("g-counter", seed, faults);
        survives::<PnCounter>("pn-counter", seed, faults);
        survives::<WatermarkLogs>("kafka", seed, faults);
        survives::<LastWriterWins>("txn-rw-register", seed, faults);
        survives::<StarBroadcast>("broadcast", seed, faults);
    }
}

fn kills(seeds: u64) {
    all_survive(seeds, &[Fault::Kill]);
    all_survive(seeds, &[Fault::KillMinority]);
}

fn kills_with_bad_disks(seeds: u64) {
    all_survive(seeds, &[Fault::Kill, Fault::DiskSlow]);
    all_survive(seeds, &[Fault::Kill, Fault::DiskFull]);
    all_survive(seeds, &[Fault::DiskError]);
}

fn kills_in_a_bad_network(seeds: u64) {
    let faults = [Fault::Kill, Fault::Pause, Fault::Partition, Fault::Loss, Fault::Duplicate, Fault::Reorder];
    all_survive(seeds, &faults);
}

/// Nodes with disks.
fn cluster<H: Handler>(nodes: usize) -> Simulation {
    Simulation::new::<H>(&Options::default().node_count(nodes).disk(DiskUse::Always)).unwrap()
}

#[test]
fn all_nodes_may_die_at_once() {
    let mut simulation = cluster::<SetUnion>(3);
    for element in 0..30 {
        simulation.call(&format!("n{}", element % 3), &g_set::Add { element: Json::from(element) }).unwrap();
    }
    ["n0", "n1", "n2"].iter().for_each(|node| simulation.crash(node));
    ["n0", "n1", "n2"].iter().for_each(|node| simulation.restart(node).unwrap());
    simulation.run_for(Duration::from_secs(2));
    for node in ["n0", "n1", "n2"] {
        assert_eq!(simulation.call(node, &g_set::Read {}).unwrap().value.len(), 30, "{node}");
    }
}

#[test]
fn a_restarted_node_is_not_sent_what_it_has() {
    let mut simulation = cluster::<SetUnion>(3);
    for element in 0..1000 {
        simulation.call("n0", &g_set::Add { element: Json::from(element) }).unwrap();
    }
    simulation.run_for(Duration::from_secs(5));
    let longest = Rc::new(Cell::new(0));
    let seen = Rc::clone(&longest);
    simulation.rewrite(move |message| {
        if message.src.starts_with('n') && message.dest == "n1" {
            seen.set(message.line.len().max(seen.get()));
        }
        None
    });
    simulation.restart("n1").unwrap();
    simulation.call("n0", &g_set::Add { element: Json::from(1000) }).unwrap();
    simulation.run_for(Duration::from_secs(5));
    assert_eq!(simulation.call("n1", &g_set::Read {}).unwrap().value.len(), 1001);
    assert!((50..400).contains(&longest.get()), "a message to it has {} bytes", longest.get());
}

#[test]
fn a_log_is_bounded_by_the_state() {
    let mut simulation = cluster::<GCounter>(1);
    for _ in 0..5 {
        let replies: Vec<_> = (0..2000).map(|_| simulation.send("n0", &g_counter::Add { delta: 1 })).collect();
        simulation.run_for(Duration::from_secs(1));
        assert!(replies.iter().all(|reply| matches!(reply.take(), Some(Ok(_)))));
    }
    let length = simulation.disk("n0").durable("state.log").unwrap().len();
    assert!(length < 200_000, "the log of one number has {length} bytes");
    simulation.restart("n0").unwrap();
    assert_eq!(simulation.call("n0", &g_counter::Read {}).unwrap().value, 10_000);
}

#[test]
fn a_damaged_log_stops_its_node_and_no_other() {
    let mut simulation = cluster::<SetUnion>(3);
    for element in 0..10 {
        simulation.call("n0", &g_set::Add { element: Json::from(element) }).unwrap();
    }
    simulation.run_for(Duration::from_secs(2));
    simulation.crash("n0");
    simulation.disk("n0").flip("state.log", 500, 4);
    assert!(simulation.restart("n0").is_err());
    let reason = simulation.stop_reason("n0").unwrap();
    assert!(reason.contains("`state.log` is damaged at byte"), "{reason}");
    assert_eq!(simulation.call("n1", &g_set::Read {}).unwrap().value.len(), 10);
}

/// The answer to `init`, as this node of this cluster, over files that may have the data of another.
fn started(storage: &MemoryStorage, id: &str, ids: &str) -> String {
    let storage = storage.clone();
    let mut node = Node::new::<GCounter>(0).with_disk(move |_| Ok(Box::new(storage.clone())));
    let init = format!(
        r#"{{"src":"c0","dest":"{id}","body":{{"type":"init","msg_id":1,"node_id":"{id}","node_ids":[{ids}]}}}}"#
    );
    node.deliver(init.as_bytes(), Duration::ZERO).unwrap();
    // The first read brings the new log to the disk.
    let read = format!(r#"{{"src":"c0","dest":"{id}","body":{{"type":"read","msg_id":2}}}}"#);
    node.deliver(read.as_bytes(), Duration::ZERO).unwrap();
    if node.wants_sync() {
        node.begin_sync();
        let result = node.sync_storage();
        node.synced(result, Duration::ZERO);
    }
    let mut answers = Vec::new();
    node.drain(|_, line| answers.push(line.to_owned()));
    answers.swap_remove(0)
}

#[test]
fn the_data_of_another_node_are_refused() {
    let storage = MemoryStorage::default();
    assert!(started(&storage, "n1", r#""n1","n2""#).contains("init_ok"));
    assert!(started(&storage, "n1", r#""n1","n2""#).contains("init_ok"));
    for (id, ids, expected) in [
        ("n2", r#""n1","n2""#, "has the data of node n1 of the cluster n1, n2, but this is node n2 of"),
        ("n1", r#""n1","n2","n3""#, "but this is node n1 of the cluster n1, n2, n3"),
    ] {
        let answer = started(&storage, id, ids);
        assert!(answer.contains(r#""code":13"#) && answer.contains(expected), "{answer}");
    }
}

over_seeds! {
    kills: 2, 60;
    kills_with_bad_disks: 1, 60;
    kills_in_a_bad_network: 2, 60;
}
