//! Nodes that serve nobody when the faults are over are found if the test asks, and only then.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, ErrorCode, Handler, Json, NodeId, RpcError,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
    rand::RngExt,
    unique_ids::{Generate, GenerateOk},
};
use glomers_workbench::{Options, Report, Validity, options::Fault, simulate, workload};
use serde::{Deserialize, Serialize};
use std::{cell::Cell, time::Duration};

fn report<H: Handler>(name: &str, faults: &[Fault], liveness: bool) -> Report {
    let options = Options::default()
        .liveness(liveness)
        .rate(20.0)
        .time_limit(Duration::from_secs(10))
        .nemesis(faults.to_vec())
        .nemesis_interval(Duration::from_secs(1));
    simulate::<H>(workload::named(name).unwrap(), &options).unwrap()
}

/// The nodes that are found silent.
fn silent(report: &Report) -> Vec<&str> {
    report.judgement.liveness.iter().flat_map(|liveness| liveness.silent.names()).collect()
}

/// Never serves again after a second in which it heard nobody.
#[derive(Default)]
struct Offended {
    heard: Cell<Duration>,
    is_offended: Cell<bool>,
}

#[derive(Serialize, Deserialize)]
struct Greeting {}

#[handler(unique_ids)]
impl Offended {
    fn generate(&self, cx: &Context, _: Generate) -> Result<GenerateOk, RpcError> {
        if self.is_offended.get() {
            return Err(RpcError::from(ErrorCode::TemporarilyUnavailable));
        }
        Ok(GenerateOk { id: Json::from(cx.rng().random::<u64>()) })
    }

    #[message]
    fn greeting(&self, cx: &Context, _: Greeting) {
        self.heard.set(cx.now());
    }

    #[every(millis = 100)]
    fn greet(&self, cx: &Context) {
        cx.peers().for_each(|peer: &NodeId| cx.send(peer, &Greeting {}));
        if cx.now() > self.heard.get() + Duration::from_secs(1) {
            self.is_offended.set(true);
        }
    }
}

#[test]
fn who_never_serves_again_is_found_if_the_test_asks() {
    let found = report::<Offended>("unique-ids", &[Fault::Partition], true);
    assert!(!silent(&found).is_empty() && found.valid() == Validity::Invalid, "{found}");
    let line = format!("served no request after the faults: {}", silent(&found)[0]);
    assert!(found.to_string().contains(&line), "{found}");
    let unasked = report::<Offended>("unique-ids", &[Fault::Partition], false);
    assert!(silent(&unasked).is_empty() && unasked.valid() == Validity::Valid, "{unasked}");
    let unoffended = report::<Offended>("unique-ids", &[], true);
    assert!(silent(&unoffended).is_empty() && unoffended.valid() == Validity::Valid, "{unoffended}");
}

/// Serves reads only after a topology, which no second life of a node is told.
#[derive(Default)]
struct Tired(Cell<bool>);

#[handler(broadcast)]
impl Tired {
    fn topology(&self, _: Topology) -> TopologyOk {
        self.0.set(true);
        TopologyOk {}
    }

    fn broadcast(&self, _: Broadcast) -> BroadcastOk {
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> Result<ReadOk, RpcError> {
        if self.0.get() { Ok(ReadOk { messages: Vec::new() }) } else { Err(ErrorCode::TemporarilyUnavailable.into()) }
    }
}

/// Workloads with last operations of their own are asked no others.
#[test]
fn last_operations_tell_who_serves() {
    let report = report::<Tired>("broadcast", &[Fault::KillMinority], true);
    let reads =
        report.history.ops().iter().filter(|op| op.is_final() && op.kind == glomers_workbench::history::Kind::Invoke);
    assert_eq!(reads.count(), 5);
    assert!(!silent(&report).is_empty(), "{report}");
}
