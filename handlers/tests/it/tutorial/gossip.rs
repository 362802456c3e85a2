//! Challenge 3b: each node sends new values to all others.

use super::Chapter;
use crate::explored;
use glomers_protocol::{
    Context, Handler, Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{Options, Validity, options::Fault, simulate, workload};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};

#[derive(Default)]
struct Gossip {
    values: RefCell<BTreeSet<Json>>,
}

#[derive(Serialize, Deserialize)]
struct Rumour {
    value: Json,
}

#[handler(broadcast)]
impl Gossip {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let rumour = Rumour { value: request.message };
        cx.peers().for_each(|peer| cx.send(peer, &rumour));
        self.values.borrow_mut().insert(rumour.value);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[message]
    fn rumour(&self, rumour: Rumour) {
        self.values.borrow_mut().insert(rumour.value);
    }
}

fn options() -> Options {
    Options::default().node_count(5).rate(10.0).time_limit(Duration::from_secs(20))
}

#[test]
fn challenge_3b() {
    let report = simulate::<Gossip>(workload::named("broadcast").unwrap(), &options()).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[test]
fn a_partition_swallows_rumours() {
    let options = options().nemesis(vec![Fault::Partition]);
    let report = simulate::<Gossip>(workload::named("broadcast").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::gossip.shows(&report);
}

#[test]
fn exploration_loses_a_rumour() {
    explored::found("broadcast", "chapter 3b", &explored::small().drops(1), Gossip::init);
}
