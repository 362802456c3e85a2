//! The store of runs: its layout, its links, write errors, and the rule that a seed determines every file.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes::Flood;
use glomers_report::store::{Store, manifest::read_window};
use glomers_workbench::{
    Options, Report,
    journal::Event,
    options::{Fault, Latency},
    simulate, workload,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// 2026-11-22 15:45:01.123.
const TIME: Duration = Duration::from_millis(1_795_362_301_123);
const NAME: &str = "20261122T154501.123Z";

/// The files in the folder of a run.
const FILES: [&str; 11] = [
    "convergence.svg",
    "history.edn",
    "history.jsonl",
    "latency.svg",
    "messages.jsonl",
    "node-logs",
    "quantiles.svg",
    "rate.svg",
    "report.html",
    "results.json",
    "test.json",
];

fn report(journal: bool) -> Report {
    let options = Options::default()
        .seed(3)
        .journal(journal)
        .latency(Latency { mean: Duration::from_millis(5), ..Latency::default() })
        .time_limit(Duration::from_secs(5))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(1));
    simulate::<Flood>(workload::named("broadcast").unwrap(), &options).unwrap()
}

fn time(later: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + TIME + Duration::from_millis(later)
}

fn store() -> (TempDir, Store, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    (folder, Store::new(&root), root)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn links(root: &Path) -> [String; 3] {
    ["broadcast/latest", "latest", "current"].map(|link| {
        let target = fs::read_link(root.join(link)).unwrap_or_else(|error| panic!("{link}: {error}"));
        assert!(root.join(link).join("node-logs").is_dir(), "{link} leads to no run");
        target.into_os_string().into_string().unwrap()
    })
}

/// A stretch of a stored run has all operations, and the messages of the stretch.
#[test]
fn a_stretch_is_read_without_the_messages_of_the_rest() {
    let (_folder, store, _) = store();
    let report = report(true);
    let path = store.write(&report, time(0)).unwrap();
    let second = Duration::from_secs(1);
    let stretch = read_window(&path, &(Duration::ZERO..=second)).unwrap();
    assert_eq!(stretch.history.ops().len(), report.history.ops().len());
    let (first, last) = (stretch.journal.first().unwrap(), stretch.journal.last().unwrap());
    assert_eq!(*first, report.journal[0]);
    let is_near = |event: &&Event| event.time < Duration::from_secs(8).as_nanos();
    assert!(is_near(&last));
    assert!(stretch.journal.len() < report.journal.len(), "all messages were read");
}

#[test]
fn layout() {
    let (_folder, store, root) = store();
    let path = store.write(&report(true), time(0)).unwrap();
    assert_eq!(path, root.join("broadcast").join(NAME));
    assert_eq!(names(&root), ["broadcast", "current", "latest"]);
    assert_eq!(names(&root.join("broadcast")), [NAME, "latest"]);
    assert_eq!(names(&path), FILES);
    assert_eq!(links(&root), [NAME.to_owned(), format!("broadcast/{NAME}"), format!("broadcast/{NAME}")]);
}

#[test]
fn files_hold_the_whole_report() {
    let (_folder, store, _root) = store();
    let report = report(true);
    let path = store.write(&report, time(0)).unwrap();
    let lines = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(path.join(name)).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(json!(lines("history.jsonl")), json!(report.history));
    assert_eq!(json!(lines("messages.jsonl")), json!(report.journal));
    let results = fs::read_to_string(path.join("results.json")).unwrap();
    assert!(results.lines().count() > 10, "not pretty: {results}");
    assert_eq!(results, format!("{:#}\n", report.results()));
    let edn = fs::read_to_string(path.join("history.edn")).unwrap();
    assert_eq!(edn.lines().count(), report.history.ops().len());
}

#[test]
fn messages_are_kept_only_if_the_run_kept_them() {
    let (_folder, store, _root) = store();
    let path = store.write(&report(false), time(0)).unwrap();
    let expected: Vec<_> = FILES.into_iter().filter(|name| *name != "messages.jsonl").collect();
    assert_eq!(names(&path), expected);
}

#[test]
fn links_lead_to_the_second_run() {
    let (_folder, store, root) = store();
    store.write(&report(false), time(0)).unwrap();
    let path = store.write(&report(false), time(2_000)).unwrap();
    let name = "20261122T154503.123Z";
    assert_eq!(path.file_name().unwrap(), name);
    assert_eq!(links(&root), [name.to_owned(), format!("broadcast/{name}"), format!("broadcast/{name}")]);
    assert_eq!(
        names(&root.join("broadcast")),
        [NAME, name, "latest"],
        "the first run is kept, and nothing is left over"
    );
    assert_eq!(names(&root), ["broadcast", "current", "latest"]);
}

#[test]
fn runs_of_the_same_moment_are_kept_apart() {
    let (_folder, store, _root) = store();
    let paths = [0, 1, 0].map(|later| store.write(&report(false), time(later)).unwrap());
    let names = paths.each_ref().map(|path| path.file_name().unwrap().to_str().unwrap());
    assert_eq!(names, [NAME, "20261122T154501.124Z", "20261122T154501.125Z"]);
}

#[test]
fn a_run_that_has_begun_is_current_and_not_latest() {
    let (_folder, store, root) = store();
    store.write(&report(false), time(0)).unwrap();
    let folder = store.begin("broadcast", time(2_000)).unwrap();
    fs::write(folder.node_logs().join("n1.log"), "hello\n").unwrap();
    assert_eq!(links(&root), [NAME, &format!("broadcast/{NAME}"), "broadcast/20261122T154503.123Z"]);
    assert_eq!(folder.save(&report(false)).unwrap(), folder.path());
    assert_eq!(fs::read_to_string(root.join("latest/node-logs/n1.log")).unwrap(), "hello\n");
}

#[test]
fn a_store_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let error = Store::new(file.join("store")).write(&report(false), time(0)).unwrap_err();
    assert_eq!(error.path(), file.join("store/broadcast"));
    let expected = format!("cannot make the folder {}", error.path().display());
    assert_eq!(error.to_string(), expected);
    assert!(std::error::Error::source(&error).is_some(), "an error without its cause");
}

#[test]
fn a_file_that_cannot_be_made_is_named_and_the_links_stay() {
    let (_folder, store, root) = store();
    store.write(&report(false), time(0)).unwrap();
    let folder = store.begin("broadcast", time(2_000)).unwrap();
    fs::write(folder.path().join("results.json"), "mine").unwrap();
    let error = folder.save(&report(false)).unwrap_err();
    assert_eq!(error.path(), folder.path().join("results.json"));
    assert_eq!(fs::read_to_string(error.path()).unwrap(), "mine");
    assert_eq!(links(&root)[..2], [NAME, &format!("broadcast/{NAME}")]);
}

#[test]
fn a_link_that_cannot_be_set_is_named_and_nothing_is_left_over() {
    let (_folder, store, root) = store();
    fs::create_dir_all(root.join("latest/mine")).unwrap();
    let error = store.write(&report(false), time(0)).unwrap_err();
    assert_eq!(error.path(), root.join("latest"));
    assert_eq!(names(&root), ["broadcast", "latest"]);
    assert!(root.join("broadcast").join(NAME).join("history.edn").is_file(), "what was written stays");
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let [first, second] = [(); 2].map(|()| {
        let (_folder, store, _root) = store();
        let path = store.write(&report(true), time(0)).unwrap();
        let files = names(&path).into_iter().filter(|name| name != "node-logs");
        files.map(|name| (name.clone(), fs::read(path.join(name)).unwrap())).collect::<BTreeMap<_, _>>()
    });
    assert_eq!(first.len(), FILES.len() - 1);
    for (name, bytes) in &first {
        assert!(bytes.len() > 250, "{name} is nearly empty");
        assert!(second.get(name) == Some(bytes), "{name} differs");
    }
}
