//! A run's page: it holds together as HTML, whatever nodes sent; every finding leads to its entries; and, where there
//! is a browser, its scripts draw it.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use crate::nodes;
use crate::nodes::Flood;
use glomers_checkers::history::{History, Kind, Op, Process};
use glomers_protocol::Json;
use glomers_report::page::{Page, Provenance, window};
use glomers_workbench::{
    Options, Report, TestConfig,
    challenge::challenges,
    journal::Event,
    options::{Fault, Latency},
    simulate, simulate_with, workload,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// A text that would take over the page if it were read as HTML.
const HOSTILE: &str =
    "</script></style><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

/// A number that JavaScript cannot represent.
const LONG: &str = "123456789012345678901234567890";

fn flood(fault: nodes::Fault) -> Report {
    let options = Options::default()
        .seed(3)
        .journal(true)
        .rate(20.0)
        .latency(Latency { mean: Duration::from_millis(5), ..Latency::default() })
        .time_limit(Duration::from_secs(5))
        .nemesis(vec![Fault::Partition])
        .nemesis_interval(Duration::from_secs(1))
        .strict(true);
    simulate_with(workload::named("broadcast").unwrap(), &options, Flood::with(fault)).unwrap()
}

/// The report on a run that Maelstrom recorded.
fn recorded(case: &str) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checkers/tests/histories").join(case);
    let (name, _) = case.split_once("-true").or_else(|| case.split_once("-false")).unwrap();
    let options = Options::default().strict(true);
    Report::of(&*workload::named(name).unwrap(), History::read(&folder).unwrap(), &options)
}

/// A run in which everything that a node may choose is hostile.
fn hostile() -> Report {
    let text = Json::from(HOSTILE);
    let op = |time, kind, value: &Json| {
        let mut op = Op::new(Duration::from_millis(time), Process::Client(0), kind, HOSTILE, value.clone());
        op.set_error((kind == Kind::Info).then(|| Json::from(format!("indeterminate: {HOSTILE}"))));
        op
    };
    let long: Json = serde_json::from_str(LONG).unwrap();
    let history = [op(1, Kind::Invoke, &long), op(2, Kind::Info, &text)].into_iter().collect();
    let mut report = Report::of(&*workload::named("echo").unwrap(), history, &Options::default());
    let body = format!("{{\"echo\":{LONG},\"type\":{text}}}");
    let message = format!("{{\"src\":{text},\"dest\":\"n1\",\"body\":{body}}}").into_boxed_str();
    report.journal = vec![Event { time: 7, received: false, id: 0, message }];
    let violation = json!([{"kind": "not-a-message", "subject": "", "count": 1, "examples": [
        {"kind": "not-a-message", "node": HOSTILE, "time": 0, "message": HOSTILE, "reason": HOSTILE}
    ]}]);
    report = report.with_violations(serde_json::from_value(violation).unwrap());
    report.config = Some(TestConfig { options: Options::default(), origin: Duration::ZERO, stopped: None });
    report
}

fn page(report: &Report) -> String {
    Page::of(report, &Provenance::default().command("glomers test -w <workload>")).html
}

/// The data that the page carries for its scripts.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// Checks that every element is closed in its place, and returns the names of all. Of scripts and styles the content is
/// no HTML, as in browsers.
fn elements(html: &str) -> Vec<&str> {
    let (mut open, mut all, mut rest) = (Vec::new(), Vec::new(), html);
    while let Some((_, tag)) = rest.split_once('<') {
        let (inner, after) = tag.split_once('>').unwrap();
        rest = after;
        let name = inner.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        if inner.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes another element");
        } else if !matches!(name, "!DOCTYPE" | "meta" | "input") && !inner.ends_with('/') {
            open.push(name);
            all.push(name);
            if matches!(name, "script" | "style") {
                rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}

fn count(names: &[&str], wanted: &str) -> usize {
    names.iter().filter(|name| **name == wanted).count()
}

#[test]
fn the_page_of_a_run_is_whole() {
    let report = flood(nodes::Fault::None);
    let html = page(&report);
    let names = elements(&html);
    // Four charts, and four outcomes in the key of the timeline.
    assert_eq!([count(&names, "script"), count(&names, "svg"), count(&names, "canvas")], [2, 8, 4]);
    for section in ["findings", "statistics", "charts", "timeline", "messages", "results"] {
        assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
        assert!(html.contains(&format!("href=\"#{section}\"")), "{section}");
    }
    assert!(html.contains("glomers test -w &lt;workload&gt;"));
    let data = data(&html);
    assert_eq!(data["operations"].as_array().unwrap().len(), report.history.operations().len());
    assert_eq!(data["messages"].as_array().unwrap().len(), report.net.all.send_count);
    let received = data["messages"].as_array().unwrap().iter().filter(|message| !message[2].is_null()).count();
    assert_eq!(received, report.net.all.recv_count);
    assert!(!data["faults"].as_array().unwrap().is_empty());
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let html = page(&flood(nodes::Fault::None)).replace("http://www.w3.org/2000/svg", "");
    for address in ["http:", "https:", "//cdn", "src=", "@import", "url("] {
        assert!(!html.contains(address), "{address}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn without_a_journal_it_says_so() {
    let html = page(&recorded("echo-true-0"));
    assert_eq!(count(&elements(&html), "canvas"), 2);
    assert!(html.contains("This run did not record messages."));
}

#[test]
fn hostile_texts_stay_texts_and_values_are_shown_as_sent() {
    let html = page(&hostile());
    let names = elements(&html);
    assert_eq!([count(&names, "script"), count(&names, "img")], [2, 0]);
    let data = data(&html);
    assert_eq!(data["functions"][0], HOSTILE);
    assert_eq!(data["types"][0], HOSTILE);
    assert_eq!(data["operations"][0][8], LONG);
    assert!(data["messages"][0][6].as_str().unwrap().contains(LONG));
    for (name, chart) in Page::of(&hostile(), &Provenance::default()).charts {
        assert_eq!(count(&elements(&chart), "script"), 0, "{name}");
        assert!(chart.contains("&lt;/script"), "{name} leaves out the operation");
    }
}

/// A case, a finding that it must have, and how many entries that names.
const FINDINGS: &[(&str, &str, usize)] = &[
    ("broadcast-false-lost", "lost", 3),
    ("broadcast-true-flicker", "flicker", 2),
    ("echo-false-wrong", "wrong echo", 1),
    ("g-counter-false-lost", "wrong sum", 2),
    ("kafka-false-lost", "lost-write", 2),
    ("kafka-false-twice", "duplicate", 2),
    ("lin-kv-false-stale", "is not linearizable", 2),
    ("txn-list-append-false-g1a", "G1a", 2),
    ("txn-rw-register-false-garbage", "unwritten-read", 1),
    ("unique-ids-false-dup", "duplicated", 2),
];

#[test]
fn findings_lead_to_their_entries() {
    for (case, title, entries) in FINDINGS {
        let report = recorded(case);
        let html = page(&report);
        elements(&html);
        let card = html.split("<article").skip(1).find(|card| card.split("</h3>").next().unwrap().contains(title));
        let card = card.unwrap_or_else(|| panic!("{case}: no {title}"));
        let card = card.split("</article>").next().unwrap();
        let rows = card.matches("<tr><td>").count();
        assert_eq!(rows, *entries, "{case}: {card}");
        assert_eq!(card.contains("show the operations"), *entries > 0, "{case}");
        assert!(!card.contains("show the messages"), "{case}");
    }
}

#[test]
fn what_is_valid_has_no_finding_that_counts() {
    for case in ["broadcast-true-none", "kafka-true-none", "lin-kv-true-none", "txn-list-append-true-none"] {
        let html = page(&recorded(case));
        assert!(!html.contains("<article class=\"fault\">"), "{case}");
    }
}

#[test]
fn the_same_report_gives_the_same_page() {
    assert_eq!(page(&flood(nodes::Fault::None)), page(&flood(nodes::Fault::None)));
}

#[test]
fn a_run_without_operations_has_a_page() {
    let report = Report::of(&*workload::named("echo").unwrap(), History::default(), &Options::default());
    assert!(page(&report).contains("No operation began."));
    elements(&page(&report));
}

/// Ids of which the last is one of the middle again, with two messages each.
fn large(count: usize) -> Report {
    let millis = |number: usize| Duration::from_millis(u64::try_from(number).unwrap());
    let op = |number: usize| {
        let id = if number == count - 1 { count / 2 } else { number };
        let process = Process::Client(u64::try_from(number % 7).unwrap());
        let op = |time, kind, value| Op::new(time, process, kind, "generate", value);
        let begin = millis(2 * number);
        [op(begin, Kind::Invoke, Json::null()), op(begin + millis(1), Kind::Ok, Json::from(u64::try_from(id).unwrap()))]
    };
    let history = (0..count).flat_map(op).collect();
    let mut report = Report::of(&*workload::named("unique-ids").unwrap(), history, &Options::default());
    let event = |number: usize| {
        let time = millis(2 * number).as_nanos();
        let id = u64::try_from(number).unwrap();
        let message =
            format!(r#"{{"src":"c1","dest":"n0","body":{{"type":"generate","msg_id":{id}}}}}"#).into_boxed_str();
        [false, true].map(|received| Event { time, received, id, message: message.clone() })
    };
    report.journal = (0..count).flat_map(event).collect();
    let options = Options::default().node_count(1);
    report.config = Some(TestConfig { options, origin: Duration::ZERO, stopped: None });
    report
}

/// A page has at most 5 MB, whatever the length of the run. It says what it leaves out, and has what findings name.
#[test]
fn of_a_large_run_the_page_has_a_selection() {
    let count = 40_000;
    let report = large(count);
    let html = page(&report);
    assert!(html.len() < 5_000_000, "{}", html.len());
    let data = data(&html);
    let shown = |name: &str| data[name].as_array().unwrap();
    for (name, what) in [("operations", "operations"), ("messages", "messages")] {
        let note = format!("{} of {count} {what} are in this page", shown(name).len());
        assert!(html.contains(&note), "no {note}");
        assert!((2000..count / 2).contains(&shown(name).len()), "{what}: {}", shown(name).len());
    }
    let has = |number: usize| shown("operations").iter().any(|row| row[0] == 2 * number);
    for named in [count / 2, count - 1, count / 2 + 20, 0, 299] {
        assert!(has(named), "operation {named} is not there");
    }
    let counted = |name: &str| shown(name).iter().map(|bar| bar.as_u64().unwrap()).sum::<u64>();
    assert_eq!([counted("begun"), counted("sent")], [u64::try_from(count).unwrap(); 2]);
}

/// A stretch of time has all of its operations, at their places in the history.
#[test]
fn a_stretch_of_time_is_whole() {
    let second = Duration::from_secs(1);
    let html = window(&large(40_000), second..=2 * second);
    elements(&html);
    let data = data(&html);
    let numbers: Vec<_> = data["operations"].as_array().unwrap().iter().map(|row| row[0].as_u64().unwrap()).collect();
    // The operation that ended at 0.999 s did so before, and one began at the end.
    assert_eq!(numbers, (500..=1000).map(|number| 2 * number).collect::<Vec<u64>>());
    assert_eq!(data["messages"].as_array().unwrap().len(), 501);
    assert!(html.contains("<h1>unique-ids: 1 s to 2 s</h1>"));
}

#[test]
fn the_head_says_what_a_challenge_asks_and_what_was_reached() {
    let challenge = challenges().into_iter().find(|challenge| challenge.name == "3d").unwrap();
    let mut report = flood(nodes::Fault::None);
    report.config = Some(TestConfig { options: challenge.options.seed(9), origin: Duration::ZERO, stopped: None });
    let html = Page::of(&report, &Provenance::default().begun("1 Jan 2026, 00:00:00 UTC")).html;
    for part in ["Challenge 3d, Broadcast, efficient", "Challenge 3e", "less than 400 ms", "1 Jan 2026", "25 nodes"] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("aria-label=\"Convergence"), "no chart of the convergence");
    assert!(html.contains("3d: median below 400 ms"), "no threshold");
    assert!(!page(&flood(nodes::Fault::None)).contains("<caption>Challenge"), "that was no challenge");
}

#[test]
fn a_cycle_is_a_graph() {
    let html = page(&recorded("txn-list-append-false-skew"));
    for part in ["<div class=\"cycle\"", "1. rw</text>", "2. rw</text>", "<li>T244 before T248"] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn an_operation_that_fails_by_design_is_no_fault() {
    let html = page(&recorded("kafka-true-0"));
    assert!(html.contains("by design"));
    assert!(html.contains("aria-label=\"Lag of polls\""));
    assert!(!html.contains("badge invalid"), "crashes are red");
}

/// `cargo test --release -p glomers-report --test it -- --ignored --nocapture` says how long a page takes.
#[test]
#[ignore = "it measures"]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn how_long_a_page_takes() {
    let limit = Duration::from_secs(20);
    let options = Options::default().rate(100.0).time_limit(limit).node_count(1);
    let mut report = simulate::<Flood>(workload::named("broadcast").unwrap(), &options).unwrap();
    let message =
        format!(r#"{{"src":"n1","dest":"n2","body":{{"type":"batch","values":[{}]}}}}"#, "123,".repeat(100) + "1");
    let packet = |number: u64| Event {
        time: u128::from(number) * 500_000,
        received: number % 2 == 1,
        id: number / 2,
        message: message.as_str().into(),
    };
    report.journal = (0..40_000).map(packet).collect();
    let begin = std::time::Instant::now();
    let html = page(&report);
    let (took, operations) = (begin.elapsed(), report.history.operations().len());
    println!("{operations} operations, 20000 messages: {took:?}, {} bytes", html.len());
}

/// A browser that runs without a window, if there is one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// The page as it is after its scripts have run, and what the browser said of them.
fn open(browser: &Path, page: &str, place: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    fs::write(&file, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--window-size=1200,900"])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}{place}", file.display()))
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_browser_draws_it() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium and no google-chrome");
        return;
    };
    let broken = flood(nodes::Fault::Forgets);
    let cases = [
        (page(&broken), "#messages=4,9"),
        (page(&recorded("kafka-false-lost")), "#timeline=1"),
        (page(&hostile()), ""),
    ];
    for (html, place) in &cases {
        let (dom, said) = open(&browser, html, place);
        assert!(dom.contains("data-ready=\"true\""), "the scripts did not end: {said}");
        assert!(!said.contains("CONSOLE"), "{said}");
        assert!(!dom.contains("<title>taken"), "a node's text was run");
        let shown = dom.matches("</output>").count() - dom.matches("<output></output>").count();
        assert_eq!(shown, html.matches("<output>").count(), "a diagram was not drawn");
    }
}

/// An entry without a time counts as the beginning, so time goes back here.
#[test]
fn a_history_whose_time_goes_back_is_shown() {
    let text = "{:process 0, :time 9, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value 0}";
    let history = History::parse(text).unwrap();
    let report = Report::of(&*workload::named("g-counter").unwrap(), history, &Options::default());
    assert!(Page::of(&report, &Provenance::default()).html.contains("g-counter"));
}
