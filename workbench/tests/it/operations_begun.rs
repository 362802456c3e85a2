//! A test begins as many operations as Jepsen's interpreter would, whatever faults are in force.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::{
    interpreter,
    kafka::Logs,
    nodes::{Counter, Fault as Mistake, Flood, SameCounter, Set},
};
use glomers_protocol::{
    CallError, Context, ErrorCode, Handler, IntoHandler, RpcError,
    echo::{Echo, EchoOk},
    handler,
    lin_kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk},
    rand::RngExt,
    txn_list_append, txn_rw_register,
};
use glomers_workbench::{
    Options, Report,
    history::{Kind, Op, Process},
    options::{Concurrency, Fault},
    simulate, simulate_with, soak, workload,
};
use std::time::Duration;

/// Takes up to 100 ms, and in one of fifty cases for ever.
async fn hesitate(cx: &Context) {
    let (is_forgotten, millis) = (cx.rng().random_ratio(1, 50), cx.rng().random_range(0..100));
    if is_forgotten {
        std::future::pending::<()>().await;
    }
    cx.sleep(Duration::from_millis(millis)).await;
}

/// Hesitates before each answer.
#[derive(Default)]
struct Moody;

#[handler(echo)]
impl Moody {
    async fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        hesitate(cx).await;
        EchoOk { echo: request.echo }
    }
}

/// Hesitates, then aborts each transaction.
#[derive(Default)]
struct AbortedLists;

#[handler(txn_list_append)]
impl AbortedLists {
    async fn txn(&self, cx: &Context, _: txn_list_append::Txn) -> Result<txn_list_append::TxnOk, RpcError> {
        hesitate(cx).await;
        Err(RpcError::from(ErrorCode::TxnConflict))
    }
}

/// Hesitates, then aborts each transaction.
#[derive(Default)]
struct AbortedRegisters;

#[handler(txn_rw_register)]
impl AbortedRegisters {
    async fn txn(&self, cx: &Context, _: txn_rw_register::Txn) -> Result<txn_rw_register::TxnOk, RpcError> {
        hesitate(cx).await;
        Err(RpcError::from(ErrorCode::TxnConflict))
    }
}

/// Asks the service.
#[derive(Default)]
struct Proxy;

#[handler(lin_kv)]
impl Proxy {
    async fn read(&self, cx: &Context, request: Read) -> Result<ReadOk, CallError> {
        cx.call("lin-kv", &request).await
    }

    async fn write(&self, cx: &Context, request: Write) -> Result<WriteOk, CallError> {
        cx.call("lin-kv", &request).await
    }

    async fn cas(&self, cx: &Context, request: Cas) -> Result<CasOk, CallError> {
        cx.call("lin-kv", &request).await
    }
}

/// The invocations of clients before the time limit; the operations at the very end come later.
fn invocations<'a>(report: &'a Report, options: &Options) -> Vec<(&'a Op, Duration)> {
    let operations = report.history.operations();
    let end = |completion: Option<&Op>| completion.map_or(Duration::MAX, |op| op.time);
    let operations = operations.iter().map(|operation| (operation.invocation, end(operation.completion)));
    operations.filter(|(op, _)| op.time < options.time_limit && op.process != Process::Nemesis).collect()
}

/// The longest time for which a client was free, and no operation began.
fn longest_pause(report: &Report, options: &Options) -> Duration {
    let (mut busy, mut since, mut longest) = (0, Duration::ZERO, Duration::ZERO);
    for op in report.history.ops().iter().filter(|op| op.process != Process::Nemesis && op.time < options.time_limit) {
        if op.kind == Kind::Invoke {
            longest = longest.max(op.time - since);
            (busy, since) = (busy + 1, op.time);
        } else {
            if busy == options.clients() {
                since = op.time;
            }
            busy -= 1;
        }
    }
    if busy < options.clients() { longest.max(options.time_limit - since) } else { longest }
}

/// Runs a test and compares the number of operations with that of the model.
fn check<H: Handler, M: IntoHandler<H>>(name: &str, options: &Options, make: impl Fn(&Context) -> M + Clone + 'static) {
    let report = simulate_with(workload::named(name).unwrap(), options, make).unwrap();
    compare(name, options, &report);
    let (load, begun) = (report.load.unwrap(), invocations(&report, options).len());
    assert_eq!((load.begun, load.due), (begun, begun), "{name}: {options:?}");
    let pause = longest_pause(&report, options);
    let allowed = Duration::from_secs_f64(2.0 / options.rate) + Duration::from_nanos(2);
    assert!(pause <= allowed, "{name}: no operation for {pause:?} while a client was free; {options:?}");
}

/// Compares the number of operations with that of the model, under the same faults and with the same durations.
pub(crate) fn compare(name: &str, options: &Options, report: &Report) {
    let invocations = invocations(report, options);
    let model = interpreter::Test {
        rate: options.rate,
        limit: options.time_limit,
        clients: options.clients(),
        faults: options.nemesis.len(),
        interval: options.nemesis_interval,
        durations: invocations.iter().map(|(op, end)| end.saturating_sub(op.time)).collect(),
    };
    let mut expected: Vec<_> = (0..9).map(|seed| model.begun(seed)).collect();
    expected.sort_unstable();
    let (begun, median) = (invocations.len(), expected[4]);
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let (difference, deviation) = (begun.abs_diff(median) as f64, (median as f64 / 3.0).sqrt());
    assert!(difference <= 5.0 + 5.0 * deviation, "{name}: {begun} begun, but {expected:?} in the model; {options:?}");
}

#[test]
fn time_without_a_free_client_is_told_apart() {
    let options = Options::default().node_count(1).time_limit(Duration::from_secs(10)).rate(100.0);
    let load = simulate::<Moody>(workload::named("echo").unwrap(), &options).unwrap().load.unwrap();
    assert!(load.begun == load.due && load.due < 300, "{load:?}");
    assert!((8..10).contains(&load.no_client_free.as_secs()), "{load:?}");
}

#[test]
fn a_test_without_time_is_refused() {
    let options = Options::default().time_limit(Duration::ZERO);
    let error = simulate::<Moody>(workload::named("echo").unwrap(), &options).unwrap_err();
    assert_eq!(error.to_string(), "the time limit is 0 s, in which nothing can be tested; it must be positive");
}

/// Tests that the soak draws, under any faults.
fn check_drawn<H: Handler + Default>(name: &str, concurrency: Concurrency, tests: u64) {
    check_drawn_with(name, concurrency, tests, |_| H::default());
}

fn check_drawn_with<H: Handler, M: IntoHandler<H>>(
    name: &str,
    concurrency: Concurrency,
    tests: u64,
    make: impl Fn(&Context) -> M + Clone + 'static,
) {
    let base = Options::default().concurrency(concurrency);
    for seed in 0..tests {
        check(name, &soak::draw(&base, &Fault::ALL, seed), make.clone());
    }
}

#[test]
fn faults_past_the_limit_do_not_end_a_test_whose_clients_are_busy() {
    for seed in 0..10 {
        let options = Options::default()
            .node_count(1)
            .seed(seed)
            .time_limit(Duration::from_secs(5))
            .rate(10.0)
            .nemesis(vec![Fault::Partition]);
        check("echo", &options, |_| Moody);
    }
}

#[test]
fn echoes_begin_as_in_the_model() {
    check_drawn::<Moody>("echo", Concurrency::PerNode(1), 20);
}

#[test]
fn generations_begin_as_in_the_model() {
    check_drawn::<SameCounter>("unique-ids", Concurrency::PerNode(1), 20);
}

/// A node that tells the others would cost a hundred times as much, and its clients would see the same.
#[test]
fn broadcasts_begin_as_in_the_model() {
    check_drawn_with("broadcast", Concurrency::PerNode(1), 5, Flood::with(Mistake::KeepsToItself));
}

#[test]
fn elements_begin_as_in_the_model() {
    check_drawn_with("g-set", Concurrency::PerNode(1), 5, Set::with(Mistake::KeepsToItself));
}

#[test]
fn registers_begin_as_in_the_model() {
    check_drawn::<Proxy>("lin-kv", Concurrency::PerNode(2), 10);
}

#[test]
fn sums_begin_as_in_the_model() {
    check_drawn::<Counter>("g-counter", Concurrency::PerNode(1), 5);
    check_drawn::<Counter>("pn-counter", Concurrency::PerNode(1), 5);
}

#[test]
fn sends_and_polls_begin_as_in_the_model() {
    check_drawn::<Logs>("kafka", Concurrency::PerNode(1), 10);
}

#[test]
fn transactions_begin_as_in_the_model() {
    check_drawn::<AbortedLists>("txn-list-append", Concurrency::PerNode(1), 10);
    check_drawn::<AbortedRegisters>("txn-rw-register", Concurrency::PerNode(1), 10);
}

/// Without a rate, a client sleeps for the whole time (Maelstrom: `core.clj`), and the faults go on.
#[test]
fn a_test_without_a_rate_lasts_its_time() {
    let options = Options::default()
        .node_count(3)
        .rate(0.0)
        .time_limit(Duration::from_secs(15))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(8));
    for seed in 0..10 {
        let report = simulate::<Set>(workload::named("g-set").unwrap(), &options.clone().seed(seed)).unwrap();
        let first = report.history.ops().iter().find(|op| op.process != Process::Nemesis).unwrap();
        assert_eq!(first.time, Duration::from_secs(25), "15 seconds, and ten more to recover");
        assert!(invocations(&report, &options).is_empty());
    }
}
