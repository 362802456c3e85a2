//! Challenge 4: a counter with a service, and without one.

use super::Chapter;
use crate::explored;
use glomers_protocol::{
    Context, Handler, NodeId, RpcError,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler,
};
use glomers_workbench::{Options, Report, Validity, options::Fault, simulate, workload};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

/// Trusts the service's reads.
#[derive(Default)]
struct Trusting;

#[handler(g_counter)]
impl Trusting {
    async fn add(&self, cx: &Context, request: Add) -> Result<AddOk, RpcError> {
        cx.seq_kv().update("sum", |sum: Option<i64>| sum.unwrap_or(0) + request.delta).await?;
        Ok(AddOk {})
    }

    async fn read(&self, cx: &Context, _: Read) -> Result<ReadOk, RpcError> {
        let sum = cx.seq_kv().read("sum").await?;
        Ok(ReadOk { value: sum.unwrap_or(0) })
    }
}

/// Writes before it reads.
#[derive(Default)]
struct Wary {
    reads: Cell<u64>,
}

#[handler(g_counter)]
impl Wary {
    async fn add(&self, cx: &Context, request: Add) -> Result<AddOk, RpcError> {
        cx.seq_kv().update("sum", |sum: Option<i64>| sum.unwrap_or(0) + request.delta).await?;
        Ok(AddOk {})
    }

    async fn read(&self, cx: &Context, _: Read) -> Result<ReadOk, RpcError> {
        self.reads.update(|reads| reads + 1);
        cx.seq_kv().write(&format!("reads of {}", cx.id()), &self.reads.get()).await?;
        let sum = cx.seq_kv().read("sum").await?;
        Ok(ReadOk { value: sum.unwrap_or(0) })
    }
}

/// Keeps a total for each node.
#[derive(Default)]
struct Totals {
    totals: RefCell<BTreeMap<NodeId, i64>>,
}

#[derive(Serialize, Deserialize)]
struct Total {
    total: i64,
}

#[handler(g_counter)]
impl Totals {
    fn add(&self, cx: &Context, request: Add) -> AddOk {
        *self.totals.borrow_mut().entry(cx.id().clone()).or_default() += request.delta;
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.totals.borrow().values().sum() }
    }

    #[message]
    fn total(&self, from: &NodeId, Total { total }: Total) {
        let mut totals = self.totals.borrow_mut();
        let known = totals.entry(from.clone()).or_default();
        *known = total.max(*known);
    }

    #[every(millis = 500)]
    fn tell(&self, cx: &Context) {
        let total = self.totals.borrow().get(cx.id()).copied().unwrap_or(0);
        cx.peers().for_each(|peer| cx.send(peer, &Total { total }));
    }
}

fn judge<H: Handler>() -> Report {
    let options = Options::default()
        .node_count(3)
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
        .nemesis(vec![Fault::Partition]);
    simulate::<H>(workload::named("g-counter").unwrap(), &options).unwrap()
}

#[test]
fn reads_of_seq_kv_may_be_old() {
    let report = judge::<Trusting>();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::counter.shows(&report);
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_4() {
    for (what, report) in [("`seq-kv`, writing first", judge::<Wary>()), ("a total for each node", judge::<Totals>())] {
        assert_eq!(report.valid(), Validity::Valid, "{report}");
        let row = format!("| {what} | {:.2} |", report.server_messages_per_operation().unwrap());
        assert!(Chapter::counter.text.contains(&row), "{row}");
    }
}

#[test]
fn exploration_reads_an_old_sum() {
    explored::found("g-counter", "chapter 4", &explored::small(), Trusting::init);
}
