//! Findings are explained by the operations and messages that matter: recorded histories of broken nodes to the letter
//! (`UPDATE_GOLDEN=1` writes the texts anew), simulated ones by what must be told of them.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes;
use crate::nodes::Flood;
use glomers_checkers::finding::Finding;
use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_protocol::{
    Context, ErrorCode, Json, RpcError,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
    kafka::{
        CommitOffsets, CommitOffsetsOk, ListCommittedOffsets, ListCommittedOffsetsOk, OffsetMessage, Poll, PollOk,
        Send, SendOk,
    },
    lin_kv,
    rand::RngExt,
};
use glomers_report::{
    explain::Explanation,
    store::{Store, manifest::read_run},
};
use glomers_workbench::{
    Options, Report,
    options::{Concurrency, Fault as Nemesis},
    simulate, simulate_with, workload,
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs,
    path::Path,
    rc::Rc,
    time::{Duration, SystemTime},
};

/// The report on a run that Maelstrom recorded.
fn recorded(case: &str) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checkers/tests/histories").join(case);
    let (name, _) = case.split_once("-true").or_else(|| case.split_once("-false")).unwrap();
    Report::of(&*workload::named(name).unwrap(), History::read(&folder).unwrap(), &Options::default())
}

/// The first finding of this kind.
fn finding(report: &Report, title: &str) -> Finding {
    let findings = report.judgement.findings();
    let found = findings.iter().find(|finding| finding.kind.contains(title));
    found.unwrap_or_else(|| panic!("no {title} in {findings:#?}")).clone()
}

fn explain(report: &Report, title: &str) -> String {
    Explanation::of(report, &finding(report, title)).to_string()
}

#[test]
fn recorded_runs_are_explained_word_by_word() {
    for (case, title) in [
        ("broadcast-false-lost", "lost"),
        ("kafka-false-lost", "lost-write"),
        ("kafka-false-twice", "duplicate"),
        ("lin-kv-false-stale", "not linearizable"),
        ("txn-list-append-false-g1a", "dirty-update"),
        ("g-counter-false-lost", "wrong sum"),
    ] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/explained/{case}.txt"));
        let text = explain(&recorded(case), title) + "\n";
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(golden, text).unwrap();
        } else {
            assert_eq!(text, fs::read_to_string(golden).unwrap(), "{case}");
        }
    }
}

fn options() -> Options {
    Options::default()
        .node_count(5)
        .rate(20.0)
        .time_limit(Duration::from_secs(10))
        .journal(true)
        .nemesis(vec![Nemesis::Partition])
        .nemesis_interval(Duration::from_secs(1))
        .concurrency(Concurrency::PerNode(2))
}

/// The lines of an explanation by kind: operations that show the finding, other operations, and messages.
fn lines(text: &str) -> [Vec<&str>; 3] {
    let (_, rest) = text.split_once("shows it):\n").unwrap();
    let (operations, messages) = rest.split_once("\n\nMessages").unwrap();
    let (showing, others) = operations.lines().partition(|line| line.starts_with('*'));
    [showing, others, messages.lines().skip(1).collect()]
}

#[track_caller]
fn has(lines: &[&str], parts: &[&str]) {
    assert!(lines.iter().any(|line| parts.iter().all(|part| line.contains(part))), "{parts:?}: {lines:#?}");
}

#[test]
fn a_lost_value_is_followed_from_client_to_node() {
    let report =
        simulate_with(workload::named("broadcast").unwrap(), &options(), Flood::with(nodes::Fault::Forgets)).unwrap();
    let lost = finding(&report, "lost");
    let value = lost.subjects[0].clone();
    let text = explain(&report, "lost");
    let [showing, others, messages] = lines(&text);
    has(&showing, &["invoke broadcast", &value]);
    has(&showing, &["ok     broadcast", &value]);
    // Whoever reads afterwards misses it.
    let missed = showing.iter().find(|line| line.contains("ok     read")).unwrap();
    assert!(missed.contains(&format!("without {value}")) || !missed.contains(&format!(",{value}")), "{missed}");
    assert!(!others.is_empty());
    has(&messages, &[" -> n", "broadcast ", &format!("message: {value}")]);
    has(&messages, &[" -> c", "broadcast_ok"]);
    assert!(text.lines().count() < 60, "{text}");
}

/// Tells no other node.
#[derive(Default)]
struct Silent(RefCell<Vec<Json>>);

#[handler(broadcast)]
impl Silent {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, request: Broadcast) -> BroadcastOk {
        self.0.borrow_mut().push(request.message);
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.0.borrow().clone() }
    }
}

#[test]
fn a_value_that_no_node_told_another_is_said_to_be_so() {
    let report = simulate::<Silent>(workload::named("broadcast").unwrap(), &options()).unwrap();
    let value = finding(&report, "lost").subjects[0].clone();
    let text = explain(&report, "lost");
    assert!(text.ends_with(&format!("\nFrom then on no node sent another one a message with {value}.")), "{text}");
    // Here they tell each other once, and the partition takes it.
    let flood = Flood::with(nodes::Fault::NeverRepeats);
    let report = simulate_with(workload::named("broadcast").unwrap(), &options(), flood).unwrap();
    let text = explain(&report, "lost");
    assert!(!text.contains("no node sent another one"), "{text}");
}

/// A log that confirms one message in ten without storing it.
#[derive(Default, Clone)]
struct Loses(Rc<RefCell<BTreeMap<String, Vec<OffsetMessage>>>>);

#[handler(kafka)]
impl Loses {
    fn send(&self, cx: &Context, request: Send) -> SendOk {
        let mut logs = self.0.borrow_mut();
        let log = logs.entry(request.key).or_default();
        let offset = log.last().map_or(0, |last| last.0.0 + 1);
        let offset = if cx.rng().random_ratio(1, 10) { offset + 1 } else { offset };
        if offset % 7 != 3 {
            log.push(OffsetMessage((offset, request.msg)));
        }
        SendOk { offset }
    }

    fn poll(&self, request: Poll) -> PollOk {
        let logs = self.0.borrow();
        let from = |(key, offset): (String, i64)| {
            let log = logs.get(&key)?.iter().filter(|message| message.0.0 >= offset).cloned().collect();
            Some((key, log))
        };
        PollOk { msgs: request.offsets.into_iter().filter_map(from).collect() }
    }

    fn commit_offsets(&self, _: CommitOffsets) -> CommitOffsetsOk {
        CommitOffsetsOk {}
    }

    fn list_committed_offsets(&self, _: ListCommittedOffsets) -> ListCommittedOffsetsOk {
        ListCommittedOffsetsOk { offsets: BTreeMap::new() }
    }
}

#[test]
fn a_lost_write_is_shown_with_who_sent_it_and_who_polled_behind_it() {
    let options = options().key_count(Some(2));
    let logs = Loses::default();
    let report = simulate_with(workload::named("kafka").unwrap(), &options, move |_| logs.clone()).unwrap();
    let text = explain(&report, "lost-write");
    let [showing, _, messages] = lines(&text);
    has(&showing, &["ok     send"]);
    has(&showing, &["ok     poll"]);
    has(&messages, &["send ", "msg: "]);
    has(&messages, &["send_ok", "offset: "]);
    has(&messages, &["poll_ok"]);
}

/// Each node has a map of its own.
#[derive(Default)]
struct Alone(RefCell<BTreeMap<Json, Json>>);

#[handler(lin_kv)]
impl Alone {
    fn read(&self, request: lin_kv::Read) -> Result<lin_kv::ReadOk, RpcError> {
        let value = self.0.borrow().get(&request.key).cloned();
        value.map(|value| lin_kv::ReadOk { value }).ok_or_else(|| RpcError::new(ErrorCode::KeyDoesNotExist, "none"))
    }

    fn write(&self, request: lin_kv::Write) -> lin_kv::WriteOk {
        self.0.borrow_mut().insert(request.key, request.value);
        lin_kv::WriteOk {}
    }

    fn cas(&self, request: lin_kv::Cas) -> Result<lin_kv::CasOk, RpcError> {
        match self.0.borrow_mut().get_mut(&request.key) {
            Some(value) if *value == request.from => *value = request.to,
            _ => return Err(RpcError::new(ErrorCode::PreconditionFailed, "it is another")),
        }
        Ok(lin_kv::CasOk {})
    }
}

#[test]
fn a_register_that_cannot_be_is_drawn_and_its_clients_are_heard() {
    let options = options().nemesis(Vec::new());
    let report = simulate::<Alone>(workload::named("lin-kv").unwrap(), &options).unwrap();
    let text = explain(&report, "not linearizable");
    let [showing, others, messages] = lines(&text);
    assert!((2..=4).contains(&showing.len()), "{text}");
    let key = &finding(&report, "not linearizable").subjects[0];
    assert!(showing.iter().chain(&others).filter(|line| line.contains(&format!("[{key},"))).count() > 2, "{text}");
    has(&messages, &[&format!("key: {key}")]);
    assert!(text.contains("\n  "), "{text}");
}

/// A transaction that reads what another one only tried.
#[test]
fn a_dirty_read_names_the_transactions() {
    let step = |time, process, kind, value: &str| {
        let value: Json = serde_json::from_str(value).unwrap();
        Op::new(Duration::from_millis(time), Process::Client(process), kind, "txn", value)
    };
    let history: History = [
        step(0, 0, Kind::Invoke, r#"[["append",1,11],["r",2,null]]"#),
        step(1, 1, Kind::Invoke, r#"[["append",2,22],["r",1,null]]"#),
        step(2, 0, Kind::Ok, r#"[["append",1,11],["r",2,[22]]]"#),
        step(3, 1, Kind::Ok, r#"[["append",2,22],["r",1,[11]]]"#),
    ]
    .into_iter()
    .collect();
    let report = Report::of(&*workload::named("txn-list-append").unwrap(), history, &Options::default());
    let text = explain(&report, "G1c");
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with('*')).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(text.ends_with("The run kept no messages; those of `glomers test` do."), "{text}");
}

#[test]
fn a_run_of_the_store_is_read_back_as_it_was() {
    let options = options().consistency_models(vec!["read-committed".to_owned()]);
    let report = simulate::<Flood>(workload::named("broadcast").unwrap(), &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = Store::new(folder.path().join("store")).write(&report, SystemTime::UNIX_EPOCH).unwrap();
    for path in [path, folder.path().join("store/latest")] {
        let read = read_run(&path, None).unwrap();
        assert_eq!((read.workload, read.valid()), (report.workload, report.valid()));
        assert_eq!(read.journal, report.journal);
        assert_eq!(read.judgement.findings(), report.judgement.findings());
        let (read, report) = (read.config.unwrap(), report.config.as_ref().unwrap());
        assert_eq!((read.origin, read.stopped), (report.origin, report.stopped));
        assert_eq!(read.options.consistency_models, options.consistency_models);
        assert_eq!(read.options.nodes, options.nodes);
    }
}
