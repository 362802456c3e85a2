//! Challenges 5a to 5c: logs on one node, in a service, and on the nodes that own them.

use super::Chapter;
use glomers_protocol::{
    Context, Json, NodeId, RpcError, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use glomers_workbench::{Options, Report, Validity, options::Concurrency, simulate, workload};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

#[derive(Default)]
struct Logs {
    logs: RefCell<BTreeMap<String, Vec<Json>>>,
    committed: RefCell<BTreeMap<String, i64>>,
}

#[handler(kafka)]
impl Logs {
    fn send(&self, request: Send) -> SendOk {
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry(request.key).or_default();
        log.push(request.msg);
        SendOk { offset: log.len() as i64 - 1 }
    }

    fn poll(&self, request: Poll) -> PollOk {
        let logs = self.logs.borrow();
        let entries = |key: &String, from: i64| -> Vec<OffsetMessage> {
            let numbered = (0..).zip(logs.get(key).into_iter().flatten());
            numbered
                .filter(|(offset, _)| *offset >= from)
                .map(|(offset, msg)| OffsetMessage((offset, msg.clone())))
                .collect()
        };
        PollOk { msgs: request.offsets.into_iter().map(|(key, from)| (key.clone(), entries(&key, from))).collect() }
    }

    fn commit_offsets(&self, request: CommitOffsets) -> CommitOffsetsOk {
        self.committed.borrow_mut().extend(request.offsets);
        CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, request: ListCommittedOffsets) -> ListCommittedOffsetsOk {
        let committed = self.committed.borrow();
        let known = |key: String| committed.get(&key).map(|offset| (key, *offset));
        ListCommittedOffsetsOk { offsets: request.keys.into_iter().filter_map(known).collect() }
    }
}

/// Stores each log as one value.
#[derive(Default)]
struct OneValue;

#[handler(kafka)]
impl OneValue {
    async fn send(&self, cx: &Context, request: Send) -> Result<SendOk, RpcError> {
        let append = |log: Option<Vec<Json>>| {
            let mut log = log.unwrap_or_default();
            log.push(request.msg.clone());
            log
        };
        let log = cx.lin_kv().update(&request.key, append).await?;
        Ok(SendOk { offset: log.len() as i64 - 1 })
    }

    async fn poll(&self, cx: &Context, request: Poll) -> Result<PollOk, RpcError> {
        let mut msgs = BTreeMap::new();
        for (key, from) in request.offsets {
            let log: Vec<Json> = cx.lin_kv().read(&key).await?.unwrap_or_default();
            let entries = (0..).zip(log).filter(|(offset, _)| *offset >= from).map(OffsetMessage).collect();
            msgs.insert(key, entries);
        }
        Ok(PollOk { msgs })
    }

    async fn commit_offsets(&self, cx: &Context, request: CommitOffsets) -> Result<CommitOffsetsOk, RpcError> {
        for (key, offset) in request.offsets {
            let raise = |known: Option<i64>| known.unwrap_or(offset).max(offset);
            cx.lin_kv().update(&format!("{key} committed"), raise).await?;
        }
        Ok(CommitOffsetsOk {})
    }

    async fn list_committed_offsets(
        &self,
        cx: &Context,
        request: ListCommittedOffsets,
    ) -> Result<ListCommittedOffsetsOk, RpcError> {
        let mut offsets = BTreeMap::new();
        for key in request.keys {
            if let Some(offset) = cx.lin_kv().read(&format!("{key} committed")).await? {
                offsets.insert(key, offset);
            }
        }
        Ok(ListCommittedOffsetsOk { offsets })
    }
}

/// Gives each log to one node, its owner.
#[derive(Default)]
struct Owners {
    own: Logs,
}

#[handler(kafka)]
impl Owners {
    async fn send(&self, cx: &Context, request: Send) -> Result<SendOk, RpcError> {
        match owner(cx, &request.key) {
            owner if owner == cx.id() => Ok(self.own.send(request)),
            owner => Ok(cx.call(owner, &request).await?),
        }
    }

    async fn poll(&self, cx: &Context, request: Poll) -> Result<PollOk, RpcError> {
        let mut msgs = BTreeMap::new();
        for (key, from) in request.offsets {
            let (owner, request) = (owner(cx, &key), Poll { offsets: [(key, from)].into() });
            msgs.extend(if owner == cx.id() { self.own.poll(request) } else { cx.call(owner, &request).await? }.msgs);
        }
        Ok(PollOk { msgs })
    }

    async fn commit_offsets(&self, cx: &Context, request: CommitOffsets) -> Result<CommitOffsetsOk, RpcError> {
        for (key, offset) in request.offsets {
            let (owner, request) = (owner(cx, &key), CommitOffsets { offsets: [(key, offset)].into() });
            let CommitOffsetsOk {} =
                if owner == cx.id() { self.own.commit_offsets(request) } else { cx.call(owner, &request).await? };
        }
        Ok(CommitOffsetsOk {})
    }

    async fn list_committed_offsets(
        &self,
        cx: &Context,
        request: ListCommittedOffsets,
    ) -> Result<ListCommittedOffsetsOk, RpcError> {
        let mut offsets = BTreeMap::new();
        for key in request.keys {
            let (owner, request) = (owner(cx, &key), ListCommittedOffsets { keys: vec![key] });
            let own = owner == cx.id();
            let answer = if own { self.own.list_committed_offsets(request) } else { cx.call(owner, &request).await? };
            offsets.extend(answer.offsets);
        }
        Ok(ListCommittedOffsetsOk { offsets })
    }
}

/// The owner of a log. Every node computes the same one, without any message.
fn owner<'a>(cx: &'a Context, key: &str) -> &'a NodeId {
    let sum: usize = key.bytes().map(usize::from).sum();
    &cx.ids()[sum % cx.ids().len()]
}

fn options(nodes: usize) -> Options {
    Options::default()
        .node_count(nodes)
        .concurrency(Concurrency::PerNode(2))
        .rate(1000.0)
        .time_limit(Duration::from_secs(5))
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_5a() {
    let report = simulate::<Logs>(workload::named("kafka").unwrap(), &options(1)).unwrap();
    assert_eq!(report.valid(), Validity::Valid, "{report}");
}

#[test]
fn two_nodes_disagree() {
    let options = options(2).rate(10.0).time_limit(Duration::from_secs(3));
    let report = simulate::<Logs>(workload::named("kafka").unwrap(), &options).unwrap();
    assert_eq!(report.valid(), Validity::Invalid);
    Chapter::log.shows(&report);
}

/// Asserts that the chapter's table has the cost of an operation.
fn lists(what: &str, report: &Report) {
    assert_eq!(report.valid(), Validity::Valid, "{report}");
    let row = format!("| {what} | {:.2} |", report.server_messages_per_operation().unwrap());
    assert!(Chapter::log.text.contains(&row), "{row}");
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_5b() {
    lists("one value in `lin-kv`", &simulate::<OneValue>(workload::named("kafka").unwrap(), &options(2)).unwrap());
}

#[test]
#[ignore = "long without optimization: `.ci/run` runs it in an optimized build"]
fn challenge_5c() {
    lists("an owner for each log", &simulate::<Owners>(workload::named("kafka").unwrap(), &options(2)).unwrap());
}
