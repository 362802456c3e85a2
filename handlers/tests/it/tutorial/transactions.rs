//! Challenges 6a to 6c: registers, and the writes that other transactions may see.

use super::Chapter;
use crate::explored;
use glomers_protocol::{
    Context, Handler, Json, handler,
    txn_rw_register::{CompletedMicroOp, MicroOp, Txn, TxnOk},
};
use glomers_workbench::{
    Options, Report, Validity,
    options::{Availability, Concurrency, Distribution, Fault, Latency},
    simulate, workload,
};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

#[derive(Serialize, Deserialize)]
struct Write {
    key: Json,
    value: Json,
}

/// Sends each write in a message of its own.
#[derive(Default)]
struct Hasty {
    registers: RefCell<BTreeMap<Json, Json>>,
}

#[handler(txn_rw_register)]
impl Hasty {
    fn txn(&self, cx: &Context, request: Txn) -> TxnOk {
        let mut registers = self.registers.borrow_mut();
        let complete = |step| match step {
            MicroOp::Read { key } => {
                let value = registers.get(&key).cloned().unwrap_or_else(Json::null);
                CompletedMicroOp::Read { key, value }
            }
            MicroOp::Write { key, value } => {
                let write = Write { key: key.clone(), value: value.clone() };
                cx.peers().for_each(|peer| cx.send(peer, &write));
                registers.insert(key.clone(), value.clone());
                CompletedMicroOp::Write { key, value }
            }
        };
        TxnOk { txn: request.txn.into_iter().map(complete).collect() }
    }

    #[message]
    fn write(&self, write: Write) {
        self.registers.borrow_mut().insert(write.key, write.value);
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    writes: Vec<(Json, Json)>,
}

/// Sends the final writes of a transaction in one message.
#[derive(Default)]
struct Whole {
    registers: RefCell<BTreeMap<Json, Json>>,
}

#[handler(txn_rw_register)]
impl Whole {
    fn txn(&self, cx: &Context, request: Txn) -> TxnOk {
        let (mut registers, mut writes) = (self.registers.borrow_mut(), BTreeMap::new());
        let complete = |step| match step {
            MicroOp::Read { key } => {
                let value = registers.get(&key).cloned().unwrap_or_else(Json::null);
                CompletedMicroOp::Read { key, value }
            }
            MicroOp::Write { key, value } => {
                registers.insert(key.clone(), value.clone());
                writes.insert(key.clone(), value.clone());
                CompletedMicroOp::Write { key, value }
            }
        };
        let txn = request.txn.into_iter().map(complete).collect();
        let written = Written { writes: writes.into_iter().collect() };
        cx.peers().for_each(|peer| cx.send(peer, &written));
        TxnOk { txn }
    }

    #[message]
    fn written(&self, written: Written) {
        self.registers.borrow_mut().extend(written.writes);
    }
}

fn options(nodes: usize, model: &str) -> Options {
    Options::default()
        .node_count(nodes)
        .concurrency(Concurrency::PerNode(2))
        .rate(1000.0)
        .time_limit(Duration::from_secs(5))
        .consistency_models(vec![model.to_owned()])
        .availability(Some(Availability::Total))
        .nemesis(vec![Fault::Partition])
}

/// The options with a network that reorders messages.
fn jittery(model: &str) -> Options {
    let latency = Latency { mean: Duration::from_millis(10), distribution: Distribution::Exponential };
    options(2, model).latency(latency).rate(100.0).time_limit(Duration::from_secs(20))
}

fn judge<H: Handler>(options: &Options) -> Report {
    simulate::<H>(workload::named("txn-rw-register").unwrap(), options).unwrap()
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenges_6a_and_6b() {
    for options in [options(1, "read-uncommitted"), options(2, "read-uncommitted"), jittery("read-uncommitted")] {
        let report = judge::<Hasty>(&options);
        assert_eq!(report.valid(), Validity::Valid, "{report}");
    }
}

#[test]
fn haste_shows_what_is_not_committed() {
    let report = judge::<Hasty>(&jittery("read-committed").seed(1));
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::transactions.shows(&report);
}

#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
#[test]
fn challenge_6c() {
    for options in [options(2, "read-committed"), jittery("read-committed")] {
        let report = judge::<Whole>(&options);
        assert_eq!(report.valid(), Validity::Valid, "{report}");
    }
}

#[test]
fn exploration_reads_what_is_not_committed() {
    let mut bounds = explored::small();
    bounds.options = bounds.options.consistency_models(vec!["read-committed".to_owned()]);
    explored::found("txn-rw-register", "chapter 6", &bounds, Hasty::init);
}
