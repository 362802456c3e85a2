//! Messages between simulated nodes that the receiver ignores: the report says which and why. A program says so on stderr.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, Json, Payload,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{Options, Report, Validity, options::Fault, simulate_with, workload};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, time::Duration};

/// A node that tells each value to all others, perhaps with a message that none of them serves.
struct Teller {
    misspells: bool,
    values: RefCell<Vec<Json>>,
}

#[derive(Serialize, Deserialize)]
struct Rumour {
    value: Json,
}

/// Its type is `rumor`, where `rumour` is served.
#[derive(Serialize, Deserialize)]
struct Rumor {
    value: Json,
}

impl Payload for Rumor {
    const TYPE: &'static str = "rumor";
}

#[handler(broadcast)]
impl Teller {
    #[init]
    fn new() -> Self {
        unreachable!("each test makes its own")
    }

    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let value = request.message;
        for peer in cx.peers() {
            match self.misspells {
                true => cx.send(peer, &Rumor { value: value.clone() }),
                false => cx.send(peer, &Rumour { value: value.clone() }),
            }
        }
        self.values.borrow_mut().push(value);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().clone() }
    }

    #[message]
    fn rumour(&self, rumour: Rumour) {
        self.values.borrow_mut().push(rumour.value);
    }
}

fn judge(misspells: bool, nemesis: Vec<Fault>) -> Report {
    let options = Options::default().node_count(2).rate(50.0).time_limit(Duration::from_secs(4)).nemesis(nemesis);
    let options = options.nemesis_interval(Duration::from_millis(500));
    let make = move |_: &Context| Teller { misspells, values: RefCell::default() };
    simulate_with(workload::named("broadcast").unwrap(), &options, make).unwrap()
}

#[test]
fn the_report_says_why_a_message_was_ignored() {
    let report = judge(true, Vec::new());
    let expected =
        " x ignored-message: n1 skipped a message of unknown type `rumor` (it has no `msg_id` to answer; known: ";
    assert!(report.to_string().contains(expected), "{report}");
    assert_eq!(report.judgement.strict_findings.valid, Validity::Invalid);
}

#[test]
fn a_message_that_comes_before_init_is_nobodys_mistake() {
    let report = judge(false, vec![Fault::Kill]);
    assert!(!report.to_string().contains("ignored-message"), "{report}");
}
