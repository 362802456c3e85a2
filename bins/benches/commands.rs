//! Whole commands on long histories and large clusters, beside the least that a program must do with the same text:
//! `cargo bench --bench commands`.
//!
//! The least is to read the JSON lines that the command reads or writes, and to forget each: this program again, with the
//! argument `skim`. The two are measured in turn, and what counts is the ratio: the machine's mood is in both.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not part of the product"
)]

use serde::de::IgnoredAny;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A test whose command is measured, and whose history is judged if it says so.
struct Row {
    workload: &'static str,
    arguments: &'static [&'static str],
    /// Also the command `check`, on the two files of the history.
    check: bool,
}

const ROWS: [Row; 5] = [
    Row {
        workload: "lin-kv",
        arguments: &["--rate", "5000", "--time-limit", "10", "--concurrency", "10n"],
        check: true,
    },
    Row { workload: "broadcast", arguments: &["--rate", "1000", "--time-limit", "10"], check: true },
    Row {
        workload: "txn-list-append",
        arguments: &["--rate", "1000", "--time-limit", "200", "--concurrency", "10"],
        check: true,
    },
    Row {
        workload: "unique-ids",
        arguments: &["--rate", "100000", "--time-limit", "10", "--concurrency", "100n"],
        check: false,
    },
    Row {
        workload: "broadcast",
        arguments: &[
            "--node-count",
            "1600",
            "--rate",
            "100",
            "--time-limit",
            "2",
            "--latency",
            "100",
            "--concurrency",
            "25",
            "--disk",
            "never",
        ],
        check: false,
    },
];

/// The time and the peak memory of a command.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    kilobytes: u64,
}

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if let [first, files @ ..] = &*arguments
        && first == Path::new("skim")
    {
        return files.iter().for_each(|file| skim(file));
    }
    // `cargo bench -- --test` only wants to know whether all of it works.
    let quick = arguments.iter().any(|argument| argument == Path::new("--test"));
    println!("{:<44} {:>9} {:>9} {:>7} {:>9}", "", "command", "skimmed", "ratio", "memory");
    for row in &ROWS {
        if quick {
            row.measure(&["--rate", "100", "--time-limit", "3", "--node-count", "2"], 1)
        } else {
            row.measure(row.arguments, 3)
        }
    }
}

/// Reads lines of JSON.
fn skim(file: &Path) {
    let mut lines = BufReader::new(std::fs::File::open(file).unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        serde_json::from_str::<IgnoredAny>(&line).unwrap();
        line.clear();
    }
}

impl Row {
    fn measure(&self, arguments: &[&str], runs: usize) {
        // On the disk of the build, because that of temporary files may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let store = folder.path().join("store");
        let file = |name: &str| store.join("latest").join(name);
        let mut test = glomers();
        test.args(["test", "-w", self.workload]).args(arguments).arg("--store").arg(&store);
        let skimmed = [file("history.jsonl"), file("messages.jsonl")];
        beside(&format!("test -w {}", self.workload), &mut test, &skimmed, runs);
        if self.check {
            for name in ["history.jsonl", "history.edn"] {
                let mut check = glomers();
                check.args(["check", "-w", self.workload]).arg(file(name));
                beside(&format!("check -w {} {name}", self.workload), &mut check, &skimmed[..1], runs);
            }
        }
    }
}

fn glomers() -> Command {
    Command::new(env!("CARGO_BIN_EXE_glomers"))
}

/// Measures a command and the skimming of these files in turn, and prints the medians.
fn beside(name: &str, command: &mut Command, files: &[PathBuf], runs: usize) {
    let pairs = (0..runs).map(|_| {
        let cost = run(command);
        (cost, run(Command::new(std::env::current_exe().unwrap()).arg("skim").args(files)).wall)
    });
    let mut pairs: Vec<(Cost, Duration)> = pairs.collect();
    pairs.sort_by(|(a, of_a), (b, of_b)| a.wall.div_duration_f64(*of_a).total_cmp(&b.wall.div_duration_f64(*of_b)));
    let (Cost { wall, kilobytes }, skimmed) = pairs[pairs.len() / 2];
    let ratio = wall.div_duration_f64(skimmed);
    println!("{name:<44} {wall:>9.2?} {skimmed:>9.2?} {ratio:>7.2} {:>6} MB", kilobytes / 1024);
}

/// Runs a command. Its memory is that of a moment before its end, or 0 where that is not known: Linux tells the peak of a
/// process while it is there.
fn run(command: &mut Command) -> Cost {
    let begin = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut kilobytes = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        kilobytes = kilobytes.max(peak_memory(&status));
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success(), "{command:?} ended with {ended}");
    Cost { wall: begin.elapsed(), kilobytes }
}

/// In kilobytes.
fn peak_memory(status: &str) -> u64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
