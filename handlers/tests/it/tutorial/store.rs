//! Challenge 3a: one node stores the values it receives.

use super::Chapter;
use glomers_protocol::{
    Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{Options, Validity, simulate, workload};
use std::{cell::RefCell, time::Duration};

#[derive(Default)]
struct Store {
    values: RefCell<Vec<Json>>,
}

#[handler(broadcast)]
impl Store {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, request: Broadcast) -> BroadcastOk {
        self.values.borrow_mut().push(request.message);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().clone() }
    }
}

fn options(nodes: usize) -> Options {
    Options::default().node_count(nodes).rate(10.0).time_limit(Duration::from_secs(20))
}

#[test]
fn challenge_3a() {
    let report = simulate::<Store>(workload::named("broadcast").unwrap(), &options(1)).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[test]
fn five_stores_are_not_one() {
    let options = options(5).time_limit(Duration::from_secs(2));
    let report = simulate::<Store>(workload::named("broadcast").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::store.shows(&report);
}
