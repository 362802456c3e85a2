//! The kafka workload's operations, against right nodes and nodes that are wrong on purpose.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{Kind, Op, Operation, Process};
use glomers_protocol::{
    Context, ErrorCode, Json, RpcError, handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
};
use glomers_workbench::{
    Options, Report,
    options::{Concurrency, Distribution, Latency},
    simulate_with, workload,
};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

/// Logs without gaps, in a memory that all nodes share: as good as one node.
#[derive(Clone, Default)]
pub(crate) struct Logs {
    logs: Rc<RefCell<BTreeMap<String, Vec<Json>>>>,
    commits: Rc<Cell<usize>>,
    fault: Fault,
}

/// The mistake that [`Logs`] makes.
#[derive(Clone, Copy, Default, PartialEq)]
enum Fault {
    #[default]
    None,
    /// Confirms every message and stores four in each log.
    Loses,
    /// Answers every send with this error.
    Send(ErrorCode),
    /// Answers every second commit with this error.
    Commit(ErrorCode),
    /// Answers every assignment with this error.
    Assign(ErrorCode),
    /// Does not answer polls that say where to begin.
    Silent,
}

#[handler(kafka)]
impl Logs {
    fn send(&self, request: Send) -> Result<SendOk, RpcError> {
        if let Fault::Send(code) = self.fault {
            return Err(RpcError::new(code, "no"));
        }
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry(request.key).or_default();
        if self.fault != Fault::Loses || log.len() < 4 {
            log.push(request.msg);
            return Ok(SendOk { offset: log.len() as i64 - 1 });
        }
        Ok(SendOk { offset: log.len() as i64 })
    }

    async fn poll(&self, request: Poll) -> PollOk {
        if self.fault == Fault::Silent && !request.offsets.is_empty() {
            std::future::pending::<()>().await;
        }
        let logs = self.logs.borrow();
        let after = |(key, offset): (String, i64)| {
            let messages = logs.get(&key).into_iter().flatten().enumerate().skip(offset as usize);
            let messages: Vec<_> = messages.map(|(at, msg)| OffsetMessage((at as i64, msg.clone()))).collect();
            (!messages.is_empty()).then_some((key, messages))
        };
        PollOk { msgs: request.offsets.into_iter().filter_map(after).collect() }
    }

    fn commit_offsets(&self, _: CommitOffsets) -> Result<CommitOffsetsOk, RpcError> {
        self.commits.set(self.commits.get() + 1);
        match self.fault {
            Fault::Commit(code) if self.commits.get().is_multiple_of(2) => Err(RpcError::from(code)),
            _ => Ok(CommitOffsetsOk {}),
        }
    }

    /// Says that everything is committed up to a place far behind the end, which clients must not go by.
    fn list_committed_offsets(&self, request: ListCommittedOffsets) -> Result<ListCommittedOffsetsOk, RpcError> {
        match self.fault {
            Fault::Assign(code) => Err(RpcError::from(code)),
            _ => Ok(ListCommittedOffsetsOk { offsets: request.keys.into_iter().map(|key| (key, 1000)).collect() }),
        }
    }
}

fn options(seed: u64) -> Options {
    Options::default()
        .node_count(2)
        .seed(seed)
        .concurrency(Concurrency::PerNode(2))
        .rate(100.0)
        .time_limit(Duration::from_secs(20))
}

fn report(options: &Options, fault: Fault) -> Report {
    let logs = Logs { fault, ..Logs::default() };
    simulate_with(workload::named("kafka").unwrap(), options, move |_: &Context| logs.clone()).unwrap()
}

fn value(op: &Op) -> Value {
    op.value.decode().unwrap()
}

fn extra(op: &Op, name: &str) -> Option<Value> {
    op.extra().iter().find(|(key, _)| *key == name).map(|(_, value)| value.decode().unwrap())
}

/// Messages with their offsets, by key.
type Messages = BTreeMap<String, Vec<(i64, u64)>>;

/// The messages that a successful poll returned.
fn polled(op: &Op) -> Messages {
    let [(name, messages)]: [(String, Messages); 1] = op.value.decode().unwrap();
    assert_eq!(name, "poll");
    messages
}

fn ok<'a>(report: &'a Report, f: &str) -> Vec<&'a Op> {
    report.history.ops().iter().filter(|op| op.f == f && op.kind == Kind::Ok).collect()
}

/// The operations after the network rested.
fn last(report: &Report) -> Vec<Operation<'_>> {
    let operations = report.history.operations();
    let pause = operations
        .windows(2)
        .position(|pair| pair[1].invocation.time - pair[0].invocation.time >= Duration::from_secs(9));
    operations[pause.expect("there is a pause") + 1..].to_vec()
}

#[test]
fn right_nodes_do_everything_but_crash() {
    for seed in 0..5 {
        let report = report(&options(seed), Fault::None);
        for (f, counts) in report.judgement.stats.by_f.iter().map(|(f, function)| (f, function.counts)) {
            let expected = if f == "crash" { counts.info_count } else { counts.ok_count };
            assert_eq!(expected, counts.count, "seed {seed}: {f}");
        }
        let names: Vec<_> = report.judgement.stats.by_f.names().collect();
        assert_eq!(names, ["assign", "crash", "poll", "send"], "seed {seed}");
    }
}

#[test]
fn values_have_their_form() {
    let report = report(&options(1), Fault::None);
    for operation in report.history.operations() {
        let (began, ended) = (operation.invocation, operation.completion.unwrap());
        assert_eq!(began.extra(), ended.extra());
        assert_eq!(ended.error(), None);
        match &*began.f {
            "poll" => {
                assert_eq!(value(began), json!([["poll"]]));
                assert!(polled(ended).keys().all(|key| key.parse::<u64>().is_ok()));
            }
            "send" => {
                let [(name, key, message)]: [(String, String, u64); 1] = began.value.decode().unwrap();
                let offset = value(ended)[0][2][0].as_i64().unwrap();
                assert_eq!(value(ended), json!([[name, key, [offset, message]]]));
                assert_eq!(name, "send");
            }
            "assign" => {
                let keys: Vec<String> = began.value.decode().unwrap();
                assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
                assert_eq!(value(began), value(ended));
            }
            _ => assert!(began.f == "crash" && began.value.is_null() && ended.value.is_null()),
        }
    }
}

#[test]
fn some_assignments_go_after_unseen_messages() {
    let report = report(&options(2).rate(1000.0), Fault::None);
    let mut searches: Vec<(Vec<String>, Value)> = Vec::new();
    for operation in report.history.operations() {
        if let Some(unseen) = extra(operation.invocation, "unseen") {
            searches.push((operation.invocation.value.decode().unwrap(), unseen));
        }
    }
    assert!(searches.len() > 20, "{} searches", searches.len());
    for (keys, unseen) in searches {
        let unseen = unseen.as_object().unwrap();
        assert!(unseen.values().all(|gap| gap["polled"].as_i64() < gap["sent"].as_i64()));
        assert!(unseen.keys().all(|key| keys.contains(key)));
        assert!(keys.len() - unseen.len() <= 1);
    }
}

#[test]
fn sends_count_up_and_keys_make_way() {
    let options = options(3).key_count(Some(3)).max_writes_per_key(7);
    let report = report(&options, Fault::None);
    let mut highest: BTreeMap<String, u64> = BTreeMap::new();
    for operation in report.history.operations().iter().filter(|operation| operation.invocation.f == "send") {
        let [(_, key, message)]: [(String, String, u64); 1] = operation.invocation.value.decode().unwrap();
        let before = highest.insert(key, message).unwrap_or(0);
        assert_eq!(message, before + 1);
        assert!(message <= 7);
    }
    assert!(highest.len() > 50, "{} keys", highest.len());
    assert!(highest.values().filter(|highest| **highest < 7).count() <= 3);
}

/// A client begins at the beginning of a log that is new to it, goes on where it was in others, and forgets those that
/// it is not assigned again.
#[test]
fn clients_go_on_where_they_were() {
    let report = report(&options(4).key_count(Some(3)).rate(500.0), Fault::None);
    let mut places: BTreeMap<Process, BTreeMap<String, i64>> = BTreeMap::new();
    let mut continued = 0;
    for op in report.history.ops().iter().filter(|op| op.kind == Kind::Ok) {
        let places = places.entry(op.process).or_default();
        if op.f == "assign" {
            let keys: Vec<String> = op.value.decode().unwrap();
            let kept = std::mem::take(places);
            let rewinds = extra(op, "seek-to-beginning?") == Some(json!(true));
            let place = |key: String| {
                let offset = kept.get(&key).copied().filter(|_| !rewinds).unwrap_or(0);
                (key, offset)
            };
            *places = keys.into_iter().map(place).collect();
            continued += places.values().filter(|offset| **offset > 0).count();
        } else if op.f == "poll" {
            for (key, messages) in polled(op) {
                let place = places.get_mut(&key).expect("only assigned keys are polled");
                for (offset, _) in messages {
                    assert_eq!(offset, *place, "{op:?}");
                    *place += 1;
                }
            }
        }
    }
    assert!(continued > 5, "{continued} logs went on at an assignment");
}

#[test]
fn final_polls_see_everything() {
    let report = report(&options(5), Fault::None);
    let mut sent = BTreeMap::new();
    for op in ok(&report, "send") {
        let [(_, key, message)]: [(String, String, (i64, u64)); 1] = op.value.decode().unwrap();
        sent.entry(key).or_insert_with(Vec::new).push(message);
    }
    sent.values_mut().for_each(|messages| messages.sort_unstable());
    let keys: Vec<_> =
        sent.keys().map(|key| key.parse::<u64>().unwrap()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut threads: BTreeMap<Process, Vec<Operation<'_>>> = BTreeMap::new();
    for operation in last(&report) {
        if operation.invocation.f != "crash" {
            threads.entry(operation.invocation.process).or_default().push(operation);
        }
    }
    assert_eq!(threads.len(), 4);
    for operations in threads.values() {
        let [assign, poll] = operations.as_slice() else { panic!("{operations:?}") };
        assert_eq!(extra(assign.invocation, "seek-to-beginning?"), Some(json!(true)));
        let assigned: Vec<String> = assign.invocation.value.decode().unwrap();
        assert_eq!(assigned, keys.iter().map(u64::to_string).collect::<Vec<_>>());
        assert_eq!(extra(poll.invocation, "poll-ms"), Some(json!(1000)));
        assert_eq!(polled(poll.ok().unwrap()), sent);
    }
}

#[test]
fn final_polls_give_up_after_ten_seconds() {
    let report = report(&options(6), Fault::Loses);
    let last = last(&report);
    let polls = last.iter().filter(|operation| operation.invocation.f == "poll").count();
    assert!((150..250).contains(&polls), "{polls} polls of four threads, five a second each");
    let took = last.last().unwrap().invocation.time - last[0].invocation.time;
    assert!(took > Duration::from_secs(9) && took < Duration::from_secs(10), "{took:?}");
}

/// A client that has sent nothing and seen nothing has no final operations.
#[test]
fn without_messages_nothing_is_left_to_do() {
    let report = report(&options(7), Fault::Send(ErrorCode::TemporarilyUnavailable));
    let last = report.history.operations().last().unwrap().invocation.time;
    assert!(last < Duration::from_secs(20), "{last:?}");
}

/// The number of operations `f` that ended in each way, and their errors.
fn ends(report: &Report, f: &str) -> (usize, usize, usize, BTreeSet<String>) {
    let counts = report.judgement.stats.by_f[f].counts;
    let errors = report.history.ops().iter().filter(|op| op.f == f).filter_map(|op| op.error());
    (counts.ok_count, counts.fail_count, counts.info_count, errors.map(|error| error.as_str().to_owned()).collect())
}

fn errors<const N: usize>(errors: [&str; N]) -> BTreeSet<String> {
    errors.into_iter().map(str::to_owned).collect()
}

#[test]
fn refused_sends_fail() {
    let (ok, fail, info, found) = ends(&report(&options(8), Fault::Send(ErrorCode::TxnConflict)), "send");
    assert_eq!((ok, info, found), (0, 0, errors([r#"["txn-conflict","no"]"#])));
    assert!(fail > 500, "{fail} sends");
}

#[test]
fn sends_that_may_have_happened_are_open_and_cost_the_client() {
    let report = report(&options(9), Fault::Send(ErrorCode::Crash));
    let (ok, fail, info, found) = ends(&report, "send");
    assert_eq!((ok, fail, found), (0, 0, errors([r#"["crash","no"]"#])));
    let operations = report.history.operations();
    let replaced = operations.iter().filter(|operation| operation.completion.unwrap().kind == Kind::Info).count();
    let clients: BTreeSet<_> = operations.iter().map(|operation| operation.invocation.process).collect();
    assert!(info > 500 && clients.len().abs_diff(replaced) <= 4, "{} clients for {replaced}", clients.len());
}

#[test]
fn assignments_fail_even_if_they_may_have_happened() {
    let (ok, fail, info, found) = ends(&report(&options(10), Fault::Assign(ErrorCode::Crash)), "assign");
    // Those with `seek-to-beginning?` ask the node nothing.
    assert_eq!((ok, info, found), (4, 0, errors([r#"["crash",null]"#])));
    assert!(fail > 10, "{fail} assignments");
}

/// A poll whose commit fails counts as failed, and the client has moved on all the same.
#[test]
fn polls_fail_with_their_commit() {
    let faulty = report(&options(11).rate(500.0), Fault::Commit(ErrorCode::Abort));
    let (ok, fail, info, found) = ends(&faulty, "poll");
    assert_eq!((info, found), (0, errors([r#"["abort",null]"#])));
    assert!(ok > fail && fail > 100, "{ok} ok, {fail} failed");
    let mut places: BTreeMap<(Process, String), i64> = BTreeMap::new();
    let mut skipped = 0;
    for op in faulty.history.ops().iter().filter(|op| op.f == "poll" && op.kind == Kind::Ok) {
        for (key, messages) in polled(op) {
            let next = messages.last().unwrap().0 + 1;
            let place = places.insert((op.process, key), next);
            skipped += usize::from(place.is_some_and(|place| place < messages[0].0));
        }
    }
    assert!(skipped > 20, "{skipped} times a client skipped messages");
}

#[test]
fn silence_is_no_answer() {
    let report = report(&options(12), Fault::Silent);
    let (ok, fail, info, found) = ends(&report, "poll");
    assert_eq!((fail, found), (0, errors([r#""net-timeout""#])));
    assert!(ok > 100 && info > 0, "{ok} ok, {info} open");
    let waits = report.history.operations().into_iter().filter_map(|operation| {
        let ended = operation.completion.filter(|ended| ended.kind == Kind::Info && ended.f == "poll")?;
        Some(ended.time - operation.invocation.time)
    });
    assert_eq!(waits.collect::<BTreeSet<_>>(), BTreeSet::from([Duration::from_secs(5)]));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let latency = Latency { mean: Duration::from_millis(20), distribution: Distribution::Exponential };
    let bytes = |seed| {
        let report = report(&options(seed).latency(latency).journal(true), Fault::Loses);
        serde_json::to_string(&(&report.history, &report.journal, &report.judgement.stats)).unwrap()
    };
    let [first, second] = [13, 13].map(bytes);
    assert!(first.len() > 100_000 && first == second, "two runs of seed 13 differ");
    assert!(first != bytes(14));
}

/// The frequency of each operation is Maelstrom's. Half of the steps are writes. A write that finds its key full is
/// drawn again, so every second key adds one poll. Of the other operations except crashes, every 64th is an assignment.
#[test]
fn operations_are_mixed_as_in_maelstrom() {
    const SEEDS: u64 = 2;
    let mut totals = [0_usize; 5];
    for seed in 0..SEEDS {
        let report = report(&options(seed).rate(1000.0), Fault::None);
        let last = last(&report).len();
        let operations = report.history.operations();
        let operations = &operations[..operations.len() - last];
        let count = |f: &str| operations.iter().filter(|operation| operation.invocation.f == f).count();
        let searches = operations.iter().filter(|operation| extra(operation.invocation, "unseen").is_some()).count();
        let found = [count("send"), count("poll"), count("assign"), searches, count("crash")];
        totals.iter_mut().zip(found).for_each(|(total, found)| *total += found);
    }
    let [sends, polls, assigns, searches, crashes] = totals.map(|total| total as f64 / SEEDS as f64);
    let all = sends + polls + assigns + crashes;
    let near = |found: f64, expected: f64, tolerance: f64| (found / expected - 1.0).abs() < tolerance;
    assert!(near(all, 20_000.0, 0.02), "{all} operations");
    assert!(near(sends / all, 0.479, 0.02) && near(polls / all, 0.505, 0.02), "{totals:?}");
    assert!(near(assigns / all, 1.0 / 64.0, 0.1) && near(searches / assigns, 1.0 / 3.0, 0.15), "{totals:?}");
    // One is due at once and then one every 7.5 s.
    assert!((2.0..=6.0).contains(&crashes), "{totals:?}");
}

/// A crash is due from the start; a coin says whether another operation comes before it.
#[test]
fn a_crash_that_is_due_takes_its_chance() {
    let begins_with_crash = |seed: &u64| {
        let report = report(&options(*seed).time_limit(Duration::from_secs(1)), Fault::None);
        report.history.ops()[0].f == "crash"
    };
    let count = (0..20).filter(begins_with_crash).count();
    assert!((5..=15).contains(&count), "{count} of 20 runs begin with a crash");
}
