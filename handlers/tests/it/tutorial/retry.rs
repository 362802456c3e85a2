//! Challenge 3c: a rumour is sent until it is acknowledged.

use super::Chapter;
use glomers_protocol::{
    Context, Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{
    Options, Validity,
    options::{Fault, Latency},
    simulate,
    simulation::Simulation,
    workload,
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};

#[derive(Default)]
struct Stubborn {
    values: RefCell<BTreeSet<Json>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Rumour {
    value: Json,
}

#[derive(Serialize, Deserialize)]
struct Heard {}

#[handler(broadcast)]
impl Stubborn {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let rumour = Rumour { value: request.message };
        for peer in cx.peers() {
            let (cx, peer, rumour) = (cx.clone(), peer.clone(), rumour.clone());
            cx.clone().spawn(async move { while cx.call(&peer, &rumour).await.is_err() {} });
        }
        self.values.borrow_mut().insert(rumour.value);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[rpc]
    fn rumour(&self, rumour: Rumour) -> Heard {
        self.values.borrow_mut().insert(rumour.value);
        Heard {}
    }
}

#[test]
fn challenge_3c() {
    let options =
        Options::default().node_count(5).rate(10.0).time_limit(Duration::from_secs(20)).nemesis(vec![Fault::Partition]);
    let report = simulate::<Stubborn>(workload::named("broadcast").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    Chapter::retry.shows(&report);
}

#[test]
fn a_rumour_outlasts_a_partition() {
    let knows =
        |simulation: &Simulation, node| simulation.handler::<Stubborn>(node).values.borrow().contains(&Json::from(7));
    let mut simulation = Simulation::new::<Stubborn>(&Options::default().node_count(3)).unwrap();
    simulation.isolate("n2");
    simulation.call("n0", &Broadcast { message: Json::from(7) }).unwrap();
    simulation.run_for(Duration::from_secs(10));
    assert!(knows(&simulation, "n1") && !knows(&simulation, "n2"));

    simulation.heal();
    simulation.run_for(Duration::from_secs(1));
    assert!(knows(&simulation, "n2"));
    assert!(simulation.run_until_quiet(Duration::from_secs(2), Duration::from_secs(10)));
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn at_the_size_of_3d() {
    let options = Options::default()
        .node_count(25)
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
        .latency(Latency { mean: Duration::from_millis(100), ..Latency::default() });
    let report = simulate::<Stubborn>(workload::named("broadcast").unwrap(), &options).unwrap();
    Chapter::efficient.lists("each node tells each (3c)", &report);
}
