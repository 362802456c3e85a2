//! Panics of simulated nodes: the report says where and why, whatever called the code.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, Json,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use glomers_workbench::{NodeFailure, Options, Report, RunError, Validity, simulate, workload};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, time::Duration};

#[derive(Default)]
struct Clumsy {
    values: RefCell<Vec<Json>>,
}

#[derive(Serialize, Deserialize)]
struct Rumour {
    value: Json,
}

#[handler(broadcast)]
impl Clumsy {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    async fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        cx.sleep(Duration::from_millis(1)).await;
        let rumour = Rumour { value: request.message };
        cx.peers().for_each(|peer| cx.send(peer, &rumour));
        self.values.borrow_mut().push(rumour.value);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        let messages = self.values.borrow().clone();
        assert!(messages.len() < 3, "more than two values");
        ReadOk { messages }
    }

    #[message]
    fn rumour(&self, rumour: Rumour) {
        panic!("no room for {}", rumour.value);
    }

    #[every(millis = 500)]
    fn tidy(&self) {
        panic!("nothing to tidy");
    }
}

fn judge() -> Report {
    let options = Options::default().node_count(2).rate(10.0).time_limit(Duration::from_secs(2));
    simulate::<Clumsy>(workload::named("broadcast").unwrap(), &options).unwrap()
}

#[test]
fn a_panic_is_in_the_report_with_its_message() {
    let report = judge().to_string();
    for expected in [
        " x panicked: the handler of `rumour` on n1 panicked: no room for 0",
        " x panicked: the timer `tidy` on n0 panicked: nothing to tidy",
        " x read: crash, the handler of `read` panicked: more than two values",
        " x crashed-operation: entry ",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
}

#[test]
fn panics_count_in_a_strict_test() {
    let report = judge();
    assert_eq!(report.judgement.strict_findings.valid, Validity::Invalid);
    assert!(report.judgement.strict_findings.counts["panicked"] > 1);
}

#[derive(Debug)]
struct Stillborn;

#[handler(broadcast)]
impl Stillborn {
    #[init]
    fn new() -> Self {
        panic!("no configuration")
    }

    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, _: Broadcast) -> BroadcastOk {
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: Vec::new() }
    }
}

#[test]
fn a_panic_in_init_is_the_reason_for_which_a_node_is_not_ready() {
    let run = simulate::<Stillborn>(workload::named("broadcast").unwrap(), &Options::default());
    let Err(RunError::Node(report)) = run else { panic!("{run:?}") };
    let Some(NodeFailure::NotReady(failure)) = &report.failure else { panic!("{report}") };
    assert!(failure.reason.ends_with("the handler of `init` panicked: no configuration"), "{}", failure.reason);
}
