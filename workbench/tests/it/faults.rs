//! The effects of each fault on nodes and messages, read from the journal of nodes that send a counter.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{Kind, Process};
use glomers_protocol::{
    Context, Json,
    echo::{Echo, EchoOk},
    handler,
};
use glomers_workbench::{Options, Report, options::Fault, simulate, workload};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Tells everybody how often it has done so.
#[derive(Default)]
struct Counts(Cell<u64>);

#[derive(Serialize, Deserialize)]
struct Count {
    count: u64,
}

#[handler(echo)]
impl Counts {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn count(&self, _: Count) {}

    #[every(millis = 50)]
    fn tell(&self, cx: &Context) {
        self.0.set(self.0.get() + 1);
        cx.peers().for_each(|peer| cx.send(peer, &Count { count: self.0.get() }));
    }
}

fn report(faults: &[Fault], seed: u64) -> Report {
    report_with(faults, seed, Duration::from_secs(2))
}

fn report_with(faults: &[Fault], seed: u64, nemesis_interval: Duration) -> Report {
    let options = Options::default()
        .seed(seed)
        .journal(true)
        .rate(10.0)
        .time_limit(Duration::from_secs(20))
        .nemesis(faults.to_vec())
        .nemesis_interval(nemesis_interval);
    simulate::<Counts>(workload::named("echo").unwrap(), &options).unwrap()
}

/// A message between nodes, with times in nanoseconds since the first operation could begin.
struct Sent {
    src: String,
    dest: String,
    count: u64,
    time: i128,
    received: Vec<i128>,
}

fn between_nodes(report: &Report) -> Vec<Sent> {
    #[derive(Deserialize)]
    struct Line {
        src: String,
        dest: String,
        body: Count,
    }
    let origin = report.config.as_ref().unwrap().origin.as_nanos();
    let mut messages: IndexMap<u64, Sent> = IndexMap::new();
    for packet in &report.journal {
        let Ok(Line { src, dest, body }) = serde_json::from_str(&packet.message) else { continue };
        let time = i128::try_from(packet.time).unwrap() - i128::try_from(origin).unwrap();
        let sent =
            messages.entry(packet.id).or_insert(Sent { src, dest, count: body.count, time, received: Vec::new() });
        if packet.received {
            sent.received.push(time);
        }
    }
    messages.into_values().collect()
}

/// The notes of the nemesis, each with its time, name and value; of each pair, the second note.
fn notes(report: &Report) -> Vec<(i128, &str, &Json)> {
    let mut notes = Vec::new();
    for op in report.history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        assert_eq!(op.kind, Kind::Info);
        notes.push((i128::try_from(op.time.as_nanos()).unwrap(), &*op.f, &op.value));
    }
    notes.into_iter().skip(1).step_by(2).collect()
}

/// The last note before a moment.
fn last_note<'a>(notes: &[(i128, &'a str, &'a Json)], time: i128) -> Option<(&'a str, &'a Json)> {
    notes.iter().rev().find(|(at, ..)| *at <= time).map(|(_, f, value)| (*f, *value))
}

/// The messages that were sent while the fault was in force, and the others. What is sent in the last second may be on
/// its way when the test ends.
fn split(report: &Report) -> (Vec<Sent>, Vec<Sent>) {
    let notes = notes(report);
    assert!(notes.len() > 6, "{} notes", notes.len());
    let last = report.journal.last().unwrap().time - report.config.as_ref().unwrap().origin.as_nanos();
    let (messages, _): (Vec<_>, Vec<_>) =
        between_nodes(report).into_iter().partition(|sent| sent.time < i128::try_from(last).unwrap() - 1_000_000_000);
    let begun = |sent: &Sent| last_note(&notes, sent.time).is_some_and(|(f, _)| f.starts_with("start-"));
    messages.into_iter().partition(begun)
}

/// The share of the messages that meet a condition.
fn share(messages: &[Sent], is_meant: impl Fn(&Sent) -> bool) -> f64 {
    let count = |count: usize| f64::from(u32::try_from(count).unwrap());
    count(messages.iter().filter(|sent| is_meant(sent)).count()) / count(messages.len())
}

#[track_caller]
fn none(messages: &[Sent], is_meant: impl Fn(&Sent) -> bool) {
    assert!(!messages.is_empty());
    assert_eq!(messages.iter().filter(|sent| is_meant(sent)).count(), 0, "of {}", messages.len());
}

#[test]
fn partitions_drop_what_they_say_and_nothing_else() {
    for fault in [Fault::Partition, Fault::PartitionOneWay, Fault::PartitionBridge, Fault::PartitionRing] {
        let report = report(&[fault], 1);
        let notes = notes(&report);
        let mut dropped = 0;
        for sent in between_nodes(&report) {
            let grudge = last_note(&notes, sent.time).and_then(|(_, value)| {
                value.decode::<(String, BTreeMap<String, BTreeSet<String>>)>().ok().map(|(_, grudge)| grudge)
            });
            let hears = grudge.is_none_or(|grudge| !grudge.get(&sent.dest).is_some_and(|not| not.contains(&sent.src)));
            assert_eq!(
                sent.received.len(),
                usize::from(hears),
                "{fault}: {} to {} at {}",
                sent.src,
                sent.dest,
                sent.time
            );
            dropped += usize::from(!hears);
        }
        assert!(dropped > 100, "{fault}: {dropped} dropped");
    }
}

#[test]
fn one_way_partitions_leave_the_other_way_open() {
    let report = report(&[Fault::PartitionOneWay], 1);
    let (under, _) = split(&report);
    let arrived = |src: &str, dest: &str| {
        under.iter().any(|sent| sent.src == src && sent.dest == dest && !sent.received.is_empty())
    };
    let lost = under.iter().filter(|sent| sent.received.is_empty());
    assert!(lost.map(|sent| (&sent.src, &sent.dest)).all(|(src, dest)| arrived(dest, src)));
}

#[test]
fn one_in_five_is_lost() {
    let (under, apart) = split(&report(&[Fault::Loss], 1));
    let lost = share(&under, |sent| sent.received.is_empty());
    assert!((0.15..0.25).contains(&lost), "{lost}");
    none(&apart, |sent| sent.received.len() != 1);
}

#[test]
fn one_in_five_comes_twice() {
    let (under, apart) = split(&report(&[Fault::Duplicate], 1));
    let doubled = share(&under, |sent| sent.received.len() == 2);
    assert!((0.15..0.25).contains(&doubled), "{doubled}");
    none(&under, |sent| sent.received.is_empty() || sent.received[0] != sent.time);
    none(&apart, |sent| sent.received != [sent.time]);
}

/// Messages that came after one that was sent later on the same link.
fn overtaken(messages: &[Sent]) -> usize {
    let came = |sent: &Sent| sent.received.first().copied().unwrap();
    let is_overtaken = |sent: &Sent| {
        let later = messages.iter().filter(|other| (&other.src, &other.dest) == (&sent.src, &sent.dest));
        later.filter(|other| other.count > sent.count).any(|other| came(other) < came(sent))
    };
    messages.iter().filter(|sent| is_overtaken(sent)).count()
}

#[test]
fn later_messages_overtake() {
    let (under, apart) = split(&report(&[Fault::Reorder], 1));
    none(&under, |sent| sent.received.len() != 1);
    assert!(overtaken(&under) * 3 > under.len(), "{} of {}", overtaken(&under), under.len());
    none(&apart, |sent| sent.received != [sent.time]);
}

#[test]
fn slow_messages_take_a_tenth_of_a_second() {
    let (under, apart) = split(&report(&[Fault::Slow], 1));
    none(&under, |sent| sent.received != [sent.time + 100_000_000]);
    none(&apart, |sent| sent.received != [sent.time]);
}

/// The nodes that are struck at the time of each note.
fn struck(report: &Report) -> Vec<(i128, BTreeSet<String>)> {
    let mut struck = BTreeSet::new();
    let outcomes = |value: &Json| value.decode::<BTreeMap<String, String>>().unwrap();
    let note = |(time, _, value): (i128, &str, &Json)| {
        for (node, outcome) in outcomes(value) {
            match &*outcome {
                "killed" | "paused" => assert!(struck.insert(node)),
                "started" | "resumed" => assert!(struck.remove(&node)),
                outcome => assert!(outcome == "already-running" && !struck.contains(&node)),
            }
        }
        (time, struck.clone())
    };
    notes(report).into_iter().map(note).collect()
}

fn is_struck(struck: &[(i128, BTreeSet<String>)], node: &str, time: i128) -> bool {
    struck.iter().rev().find(|(at, _)| *at < time).is_some_and(|(_, nodes)| nodes.contains(node))
}

#[test]
fn killed_nodes_do_nothing_and_begin_anew() {
    for fault in [Fault::Kill, Fault::KillMinority] {
        let report = report(&[fault], 1);
        let struck = struck(&report);
        let messages = between_nodes(&report);
        assert!(messages.iter().any(|sent| sent.received.is_empty()));
        for sent in &messages {
            assert!(!is_struck(&struck, &sent.src, sent.time), "{} speaks at {}", sent.src, sent.time);
            let is_heard = sent.received == [sent.time];
            assert!(is_heard || sent.received.is_empty());
            let at_once = struck.iter().any(|(time, _)| *time == sent.time);
            assert!(at_once || is_heard != is_struck(&struck, &sent.dest, sent.time), "{} at {}", sent.dest, sent.time);
        }
        for ((_, before), (time, after)) in struck.iter().zip(&struck[1..]) {
            for node in before.difference(after) {
                let first = messages.iter().find(|sent| sent.src == *node && sent.time > *time);
                assert_eq!(first.map_or(1, |sent| sent.count), 1, "{node} after {time}");
            }
        }
        let most = struck.iter().map(|(_, nodes)| nodes.len()).max().unwrap();
        assert_eq!(most, if fault == Fault::Kill { 5 } else { 2 });
    }
}

/// A new process hears `init` before anything else, and answers it; nobody counts without.
#[test]
fn killed_nodes_are_told_their_ids() {
    let report = report(&[Fault::Kill], 1);
    let starts = notes(&report).into_iter().filter(|(_, f, _)| *f == "start");
    let started = starts.map(|(_, _, value)| value.as_str().matches("\"started\"").count()).sum::<usize>();
    let answers =
        report.journal.iter().filter(|packet| packet.received && packet.message.contains("\"init_ok\"")).count();
    assert!(started > 3);
    assert_eq!(answers, 5 + started);
    assert!(report.violations.is_empty(), "{}", report.violations);
}

#[test]
fn paused_nodes_take_later_what_has_come_and_go_on_where_they_were() {
    let report = report(&[Fault::Pause], 1);
    let struck = struck(&report);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let messages = between_nodes(&report);
    for sent in &messages {
        let at_once = struck.iter().any(|(time, _)| *time == sent.time);
        assert!(at_once || !is_struck(&struck, &sent.src, sent.time), "{} speaks at {}", sent.src, sent.time);
        let before = counts.insert(&sent.src, sent.count).unwrap_or(sent.count);
        assert!(sent.count == before || sent.count == before + 1);
        let resumed = struck.iter().find(|(time, nodes)| *time >= sent.time && !nodes.contains(&sent.dest));
        if is_struck(&struck, &sent.dest, sent.time) {
            assert_eq!(sent.received, resumed.iter().map(|(time, _)| *time).collect::<Vec<_>>());
        }
    }
    assert!(messages.iter().any(|sent| is_struck(&struck, &sent.dest, sent.time)));
}

/// A node that stood still answers clients that have given up by then; that is not its fault.
#[test]
fn late_answers_are_forgiven() {
    let report = report_with(&[Fault::Pause], 1, Duration::from_secs(10));
    assert!(report.judgement.stats.all.info_count > 0, "nobody gave up: {report}");
    assert!(report.violations.is_empty(), "{}", report.violations);
}

#[test]
fn all_faults_at_once_are_repeated_byte_for_byte() {
    let [first, second] = [(); 2].map(|()| report(&Fault::ALL, 3));
    let bytes = |report: &Report| serde_json::to_string(&(&report.history, &report.journal)).unwrap();
    let fs: BTreeSet<_> = notes(&first).into_iter().map(|(_, f, _)| f).collect();
    // Both kinds of kill are noted alike.
    assert_eq!(fs.len(), 2 * (Fault::ALL.len() - 1), "{fs:?}");
    assert!(bytes(&first) == bytes(&second));
}

#[test]
fn names_are_read_back() {
    for fault in Fault::ALL {
        assert_eq!(fault.to_string().parse(), Ok(fault));
    }
    let error = "fire".parse::<Fault>().unwrap_err().to_string();
    assert!(error.starts_with("there is no fault `fire`; known: partition, partition-one-way"), "{error}");
}

/// Two nodes are cut off from each other by two of Maelstrom's four kinds of partitions only; the others are drawn
/// again.
#[test]
fn every_partition_of_two_nodes_isolates_them() {
    for seed in 0..20 {
        let options = Options::default()
            .node_count(2)
            .seed(seed)
            .time_limit(Duration::from_secs(20))
            .nemesis(vec![Fault::Partition])
            .nemesis_interval(Duration::from_secs(1));
        let report = simulate::<Counts>(workload::named("echo").unwrap(), &options).unwrap();
        let grudges = report.history.ops().iter().filter(|op| op.f == "start-partition");
        let grudges: Vec<_> =
            grudges.filter_map(|op| op.value.decode::<(String, BTreeMap<String, BTreeSet<String>>)>().ok()).collect();
        assert!(
            grudges.len() > 5 && grudges.iter().all(|(_, grudge)| grudge.values().any(|dropped| !dropped.is_empty()))
        );
        let effect = &report.nemesis[0];
        assert_eq!((effect.fault.as_str(), effect.rounds), ("partition", grudges.len()));
        assert_eq!(effect.affected, report.net.servers.send_count - report.net.servers.recv_count, "{report}");
    }
}

#[test]
fn a_fault_without_effect_is_named() {
    let options = Options::default()
        .node_count(1)
        .time_limit(Duration::from_secs(5))
        .nemesis(vec![Fault::Partition, Fault::Loss]);
    let text = simulate::<Counts>(workload::named("echo").unwrap(), &options).unwrap().to_string();
    for effect in ["  faults        partition: 1 round, 0 messages dropped", "loss: 1 round, 0 messages dropped"] {
        assert!(text.contains(effect), "{text}");
    }
}
