//! The handlers that keep their state in services: they are valid on every seed, and obvious simplifications are found.

use crate::judge::{always_valid, found, never_wrong, stormy};
use futures_util::future::{Either, select};
use glomers_handlers::via_services::{ClaimedOffsets, ForwardedRegisters, PublishedTotals, SwappedRoot};
use glomers_protocol::{
    CallError, Context, ErrorCode, Json, RpcError, g_counter, handler,
    kafka::{self, OffsetMessage},
    lin_kv, txn_list_append,
};
use glomers_workbench::{
    Options,
    options::{Availability, Concurrency, Distribution, Latency},
    simulation::Simulation,
};
use std::{cell::RefCell, collections::BTreeMap, pin::pin, time::Duration};

/// Services are always within reach, so nothing has to fail.
fn available(seed: u64) -> Options {
    stormy(seed).availability(Some(Availability::Total))
}

/// The services are so slow that one answer in ten comes too late: nobody knows whether those operations have happened.
fn sluggish(seed: u64) -> Options {
    let latency = Latency { mean: Duration::from_millis(250), distribution: Distribution::Exponential };
    stormy(seed).latency(latency).time_limit(Duration::from_secs(10)).concurrency(Concurrency::PerNode(4))
}

/// Several clients a node, as registers need them to have keys to work on.
fn crowded(options: Options) -> Options {
    options.concurrency(Concurrency::PerNode(2))
}

/// Options that reveal races: several nodes that are slow to reach each other and the services.
fn slow(seed: u64) -> Options {
    let latency = Latency { mean: Duration::from_millis(50), distribution: Distribution::Exponential };
    stormy(4).seed(seed).latency(latency).rate(40.0).time_limit(Duration::from_secs(10))
}

fn a_counter_is_right_and_available(seeds: u64) {
    always_valid::<PublishedTotals>("g-counter", seeds, available);
}

fn a_counter_counts_once_what_it_repeats(seeds: u64) {
    never_wrong::<PublishedTotals>("g-counter", seeds, sluggish);
}

fn logs_are_right(seeds: u64) {
    always_valid::<ClaimedOffsets>("kafka", seeds, stormy);
}

fn logs_have_no_holes_when_answers_come_late(seeds: u64) {
    never_wrong::<ClaimedOffsets>("kafka", seeds, sluggish);
}

fn registers_are_linearizable(seeds: u64) {
    always_valid::<ForwardedRegisters>("lin-kv", seeds, |seed| crowded(stormy(seed)));
}

fn registers_are_linearizable_when_answers_come_late(seeds: u64) {
    never_wrong::<ForwardedRegisters>("lin-kv", seeds, |seed| crowded(sluggish(seed)));
}

fn transactions_are_strictly_serializable(seeds: u64) {
    always_valid::<SwappedRoot>("txn-list-append", seeds, stormy);
}

fn transactions_are_strictly_serializable_when_answers_come_late(seeds: u64) {
    never_wrong::<SwappedRoot>("txn-list-append", seeds, sluggish);
}

/// One key for all nodes, handled with less care.
#[derive(Default)]
struct OneKey {
    /// Repeats an addition whose answer does not come soon. Otherwise the mistake is that a read only reads.
    repeats: bool,
}

#[handler(g_counter)]
impl OneKey {
    async fn add(&self, cx: &Context, request: g_counter::Add) -> Result<g_counter::AddOk, CallError> {
        let kv = cx.seq_kv();
        let add = async || kv.update("counter", |known: Option<i64>| known.unwrap_or(0) + request.delta).await;
        let timeout = if self.repeats { Duration::from_millis(200) } else { Context::TIMEOUT };
        match select(pin!(add()), cx.sleep(timeout)).await {
            Either::Left((added, _)) => added?,
            Either::Right(_) => add().await?,
        };
        Ok(g_counter::AddOk {})
    }

    async fn read(&self, cx: &Context, _: g_counter::Read) -> Result<g_counter::ReadOk, CallError> {
        if self.repeats {
            cx.seq_kv().write(cx.id(), &cx.now()).await?;
        }
        Ok(g_counter::ReadOk { value: cx.seq_kv().read("counter").await?.unwrap_or(0) })
    }
}

fn reads_that_only_read_are_found(seeds: u64) {
    let options = |seed| stormy(0).seed(seed).rate(100.0).latency(Latency::default()).node_count(15);
    found("g-counter", "reads that only read", seeds, options, |_| OneKey { repeats: false });
}

fn additions_that_are_repeated_are_found(seeds: u64) {
    found("g-counter", "repeated additions", seeds, slow, |_| OneKey { repeats: true });
}

/// Logs whose next offset is a key.
#[derive(Default)]
struct Counted {
    /// Assigns offsets by compare-and-set instead of a read and a write.
    compares: bool,
}

#[handler(kafka)]
impl Counted {
    async fn send(&self, cx: &Context, request: kafka::Send) -> Result<kafka::SendOk, CallError> {
        let (key, kv) = (request.key, cx.lin_kv());
        let next: i64 = if self.compares {
            kv.update(&key, |next: Option<i64>| next.unwrap_or(0) + 1).await?
        } else {
            let next = kv.read::<i64>(&key).await?.unwrap_or(0) + 1;
            kv.write(&key, &next).await?;
            next
        };
        kv.write(&(&key, next), &request.msg).await?;
        Ok(kafka::SendOk { offset: next })
    }

    /// Passes over offsets that were given but have no message yet.
    async fn poll(&self, cx: &Context, request: kafka::Poll) -> Result<kafka::PollOk, CallError> {
        let (mut msgs, kv) = (BTreeMap::new(), cx.lin_kv());
        for (key, from) in request.offsets {
            let last = kv.read::<i64>(&key).await?.unwrap_or(0);
            let mut log = Vec::new();
            for offset in from..=last {
                log.extend(kv.read::<Json>(&(&key, offset)).await?.map(|msg| OffsetMessage((offset, msg))));
            }
            msgs.insert(key, log);
        }
        Ok(kafka::PollOk { msgs })
    }

    fn commit_offsets(&self, _: kafka::CommitOffsets) -> kafka::CommitOffsetsOk {
        kafka::CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _: kafka::ListCommittedOffsets) -> kafka::ListCommittedOffsetsOk {
        kafka::ListCommittedOffsetsOk { offsets: BTreeMap::new() }
    }
}

/// The last polls of a test all commit the same offsets at once. A store such as etcd refuses a comparison after any write, even
/// of the same value, so commits that raise nothing must not write.
#[test]
fn a_commit_that_raises_nothing_writes_nothing() {
    let mut simulation = Simulation::new::<ClaimedOffsets>(&Options::default().node_count(2)).unwrap();
    // The requests to lin-kv that each commit needs: a read and a comparison, only a read, or none.
    for (node, offset, requests) in [("n0", 7, 2), ("n0", 7, 0), ("n0", 3, 0), ("n1", 5, 1), ("n1", 7, 0), ("n1", 8, 2)]
    {
        let before = simulation.messages();
        let offsets = BTreeMap::from([("a".to_owned(), offset)]);
        simulation.call(node, &kafka::CommitOffsets { offsets }).unwrap();
        let asked = (simulation.messages() - before) / 2 - 1;
        assert_eq!(asked, requests, "{node} commits {offset}");
    }
    // Four clients at once: the others wait for the first, and then know.
    let before = simulation.messages();
    let commit = kafka::CommitOffsets { offsets: BTreeMap::from([("a".to_owned(), 9)]) };
    let replies: Vec<_> = (0..4).map(|_| simulation.send("n0", &commit)).collect();
    simulation.run_for(Duration::from_millis(100));
    assert!(replies.iter().all(|reply| reply.take().unwrap().is_ok()));
    assert_eq!((simulation.messages() - before) / 2 - 4, 2);
    let listed = simulation.call("n0", &kafka::ListCommittedOffsets { keys: vec!["a".to_owned()] }).unwrap();
    assert_eq!(listed.offsets["a"], 9);
}

/// Few logs, so that nodes often use the same one.
fn few_logs(seed: u64) -> Options {
    crowded(slow(seed).key_count(Some(1)).max_writes_per_key(1000).rate(80.0))
}

fn offsets_that_are_not_compared_are_found(seeds: u64) {
    found("kafka", "offsets not compared", seeds, few_logs, |_| Counted { compares: false });
}

fn polls_that_pass_over_holes_are_found(seeds: u64) {
    found("kafka", "holes passed over", seeds, few_logs, |_| Counted { compares: true });
}

/// Passes on requests, with a shortcut.
#[derive(Default)]
struct Shortcut {
    /// The value of each key that this node saw last; `None` if it asks the service.
    cache: Option<RefCell<BTreeMap<Json, Json>>>,
}

impl Shortcut {
    fn notice(&self, key: &Json, value: &Json) {
        if let Some(cache) = &self.cache {
            cache.borrow_mut().insert(key.clone(), value.clone());
        }
    }
}

#[handler(lin_kv)]
impl Shortcut {
    async fn read(&self, cx: &Context, request: lin_kv::Read) -> Result<lin_kv::ReadOk, RpcError> {
        let known = self.cache.as_ref().and_then(|cache| cache.borrow().get(&request.key).cloned());
        let value = match known {
            Some(value) => Some(value),
            None => cx.lin_kv().read(&request.key).await?,
        };
        Ok(lin_kv::ReadOk { value: value.ok_or(RpcError::from(ErrorCode::KeyDoesNotExist))? })
    }

    async fn write(&self, cx: &Context, request: lin_kv::Write) -> Result<lin_kv::WriteOk, CallError> {
        cx.lin_kv().write(&request.key, &request.value).await?;
        self.notice(&request.key, &request.value);
        Ok(lin_kv::WriteOk {})
    }

    /// Without a cache, says that it has set whatever the comparison said.
    async fn cas(&self, cx: &Context, request: lin_kv::Cas) -> Result<lin_kv::CasOk, CallError> {
        let done = cx.lin_kv().cas(&request.key, &request.from, &request.to).await;
        if self.cache.is_some() {
            done?;
            self.notice(&request.key, &request.to);
        }
        Ok(lin_kv::CasOk {})
    }
}

fn comparisons_that_always_succeed_are_found(seeds: u64) {
    found("lin-kv", "comparisons that succeed", seeds, |seed| crowded(slow(seed)), |_| Shortcut { cache: None });
}

fn reads_from_a_cache_are_found(seeds: u64) {
    found(
        "lin-kv",
        "reads from a cache",
        seeds,
        |seed| crowded(slow(seed)),
        |_| Shortcut { cache: Some(RefCell::default()) },
    );
}

/// Every list under one key, handled with less care.
#[derive(Clone, Copy, Default)]
struct CarelessRoot {
    /// Sets the root by compare-and-set. A transaction then reads from the first root that it saw, even if the swap
    /// succeeds with a later one.
    compares: bool,
}

type Root = Vec<(Json, Vec<Json>)>;

#[handler(txn_list_append)]
impl CarelessRoot {
    async fn txn(&self, cx: &Context, request: txn_list_append::Txn) -> Result<txn_list_append::TxnOk, CallError> {
        use txn_list_append::{CompletedMicroOp as Completed, MicroOp, TxnOk};
        let kv = cx.lin_kv();
        let mut seen: BTreeMap<Json, Vec<Json>> =
            kv.read::<Root>("root").await?.unwrap_or_default().into_iter().collect();
        let complete = |step: MicroOp| match step {
            MicroOp::Read { key } => Completed::Read { value: seen.get(&key).cloned(), key },
            MicroOp::Append { key, value } => {
                seen.entry(key.clone()).or_default().push(value.clone());
                Completed::Append { key, value }
            }
        };
        let txn = request.txn.iter().cloned().map(complete).collect();
        if !self.compares {
            kv.write("root", &Root::from_iter(seen)).await?;
            return Ok(TxnOk { txn });
        }
        let append = |root: Option<Root>| {
            let mut lists: BTreeMap<Json, Vec<Json>> = root.unwrap_or_default().into_iter().collect();
            for step in &request.txn {
                if let MicroOp::Append { key, value } = step {
                    lists.entry(key.clone()).or_default().push(value.clone());
                }
            }
            Root::from_iter(lists)
        };
        kv.update("root", append).await?;
        Ok(TxnOk { txn })
    }
}

fn roots_that_are_not_compared_are_found(seeds: u64) {
    found("txn-list-append", "roots not compared", seeds, slow, |_| CarelessRoot { compares: false });
}

fn reads_outside_the_transaction_are_found(seeds: u64) {
    found("txn-list-append", "reads outside", seeds, slow, |_| CarelessRoot { compares: true });
}

over_seeds! {
    a_counter_is_right_and_available: 5, 200;
    a_counter_counts_once_what_it_repeats: 2, 50;
    logs_are_right: 5, 200;
    logs_have_no_holes_when_answers_come_late: 2, 50;
    registers_are_linearizable: 5, 200;
    registers_are_linearizable_when_answers_come_late: 2, 50;
    transactions_are_strictly_serializable: 5, 200;
    transactions_are_strictly_serializable_when_answers_come_late: 2, 50;
    reads_that_only_read_are_found: 3, 10;
    additions_that_are_repeated_are_found: 3, 10;
    offsets_that_are_not_compared_are_found: 3, 10;
    polls_that_pass_over_holes_are_found: 3, 10;
    comparisons_that_always_succeed_are_found: 3, 10;
    reads_from_a_cache_are_found: 3, 10;
    roots_that_are_not_compared_are_found: 3, 10;
    reads_outside_the_transaction_are_found: 3, 10;
}
