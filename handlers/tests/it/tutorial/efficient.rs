//! Challenges 3d and 3e: values are sent in batches along a tree.

use super::Chapter;
use glomers_protocol::{
    Context, Json, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{
    Options, Report, Validity,
    challenge::{Measure, challenges},
    options::{Fault, Latency},
    simulate, simulate_with, workload,
};
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    mem,
    rc::Rc,
    time::Duration,
};

struct Tree {
    values: RefCell<BTreeSet<Json>>,
    /// The values that each neighbour has not acknowledged and that no batch on its way carries.
    pending: RefCell<BTreeMap<NodeId, Vec<Json>>>,
    period: u64,
}

#[derive(Serialize, Deserialize)]
struct Batch {
    values: Vec<Json>,
}

#[derive(Serialize, Deserialize)]
struct Heard {}

#[handler(broadcast)]
impl Tree {
    #[init]
    fn new(cx: &Context) -> Self {
        Self::with(cx, 24, 150)
    }

    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        self.learn(request.message, cx.id());
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[rpc]
    fn batch(&self, from: &NodeId, batch: Batch) -> Heard {
        batch.values.into_iter().for_each(|value| self.learn(value, from));
        Heard {}
    }

    #[every(millis = self.period)]
    fn flush(self: &Rc<Self>, cx: &Context) {
        for (neighbour, pending) in self.pending.borrow_mut().iter_mut().filter(|(_, pending)| !pending.is_empty()) {
            let (node, cx, neighbour) = (Rc::clone(self), cx.clone(), neighbour.clone());
            let batch = Batch { values: mem::take(pending) };
            cx.clone().spawn(async move {
                if cx.call(&neighbour, &batch).await.is_err() {
                    node.pending.borrow_mut().entry(neighbour).or_default().extend(batch.values);
                }
            });
        }
    }
}

impl Tree {
    /// A tree of all nodes. Each node has up to `children` children and sends once per period, in milliseconds.
    fn with(cx: &Context, children: usize, period: u64) -> Self {
        let place = cx.ids().iter().position(|id| id == cx.id()).expect("a node is one of the cluster's");
        let is_neighbour = |other: &usize| {
            let is_parent = |parent: usize, child: usize| child > 0 && (child - 1) / children == parent;
            is_parent(place, *other) || is_parent(*other, place)
        };
        let neighbours = (0..cx.ids().len()).filter(is_neighbour);
        let pending = neighbours.map(|other| (cx.ids()[other].clone(), Vec::new())).collect();
        Self { values: RefCell::default(), pending: RefCell::new(pending), period }
    }

    /// Stores a value and queues it for all neighbours except the one that sent it.
    fn learn(&self, value: Json, from: &NodeId) {
        if self.values.borrow_mut().insert(value.clone()) {
            let mut pending = self.pending.borrow_mut();
            let others = pending.iter_mut().filter(|(neighbour, _)| *neighbour != from);
            others.for_each(|(_, values)| values.push(value.clone()));
        }
    }
}

/// The result of the test of challenges 3d and 3e.
fn judge(children: usize, period: u64) -> Report {
    let options = Options::default()
        .node_count(25)
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
        .latency(Latency { mean: Duration::from_millis(100), ..Latency::default() });
    simulate_with(workload::named("broadcast").unwrap(), &options, move |cx| Tree::with(cx, children, period)).unwrap()
}

/// The thresholds of the challenge that a run misses.
fn failures(challenge: &str, report: &Report) -> Vec<Measure> {
    challenges().iter().find(|known| known.name == challenge).unwrap().failures(report)
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn trees() {
    for (what, period) in [("tree of 4, every 10 ms", 10), ("tree of 4, every 100 ms", 100)] {
        Chapter::efficient.lists(what, &judge(4, period));
    }
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_3d() {
    for (what, period) in [("star, every 10 ms", 10), ("star, every 150 ms", 150)] {
        let report = judge(24, period);
        Chapter::efficient.lists(what, &report);
        assert_eq!(failures("3d", &report), []);
    }
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_3e() {
    let report = judge(24, 500);
    Chapter::efficient.lists("star, every 500 ms", &report);
    assert_eq!(failures("3e", &report), []);
}

#[test]
fn the_star_still_survives_a_partition() {
    let options = Options::default().nemesis(vec![Fault::Partition]).time_limit(Duration::from_secs(20));
    let report = simulate::<Tree>(workload::named("broadcast").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}
