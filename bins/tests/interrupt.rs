//! Ctrl-C or SIGTERM while real nodes run: the first ends the test early and keeps what there is, the second ends it at
//! once. No process is left in either case.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// The time between two looks at a process, and below it the maximum number of looks.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: usize = 600;

/// A `glomers test` of a shell script that starts a process of its own and then becomes a node.
struct Run {
    glomers: Child,
    folder: tempfile::TempDir,
}

impl Run {
    fn start(node: &str, words: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("node.sh");
        fs::write(&script, format!("#!/bin/sh\nsleep 1000 &\nexec {node}\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let glomers = Command::new(env!("CARGO_BIN_EXE_glomers"))
            .args(["test", "--bin", "./node.sh", "--time-limit", "60", "--log-net-recv"])
            .args(words.split_whitespace())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { glomers, folder }
    }

    /// Waits until a message with this text was received.
    fn await_message(&mut self, text: &str) {
        let mut lines = BufReader::new(self.glomers.stderr.take().unwrap()).lines();
        lines.find(|line| line.as_ref().unwrap().contains(text)).unwrap_or_else(|| panic!("no {text}")).unwrap();
        thread::spawn(move || lines.for_each(drop));
    }

    fn interrupt(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.glomers.id());
        Command::new("sh").args(["-c", &kill]).status().unwrap();
    }

    /// Waits until it has ended; returns the exit code and what it wrote to stdout.
    fn end(mut self, each_look: impl Fn(&Self)) -> (Option<i32>, String, tempfile::TempDir) {
        let mut looks = 0..LOOKS;
        let status = loop {
            if let Some(status) = self.glomers.try_wait().unwrap() {
                break status;
            }
            each_look(&self);
            looks.next().expect("it does not end");
            #[expect(clippy::disallowed_methods, reason = "the processes live in real time")]
            thread::sleep(PAUSE);
        };
        let mut text = String::new();
        self.glomers.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (status.code(), text, self.folder)
    }
}

/// Number, parent and process group of the processes that run.
fn processes() -> Vec<(u32, u32, u32)> {
    let stat = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may hold anything but ends with the last parenthesis.
        let (number, rest) = (stat.split(' ').next()?, stat.rsplit_once(')')?.1);
        let mut fields = rest.split_whitespace();
        let is_alive = fields.next()? != "Z";
        is_alive.then_some((number.parse().ok()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    fs::read_dir("/proc").unwrap().filter_map(|entry| stat(entry.ok()?)).collect()
}

/// The process groups of the nodes: each has a group of its own.
fn groups(glomers: u32) -> Vec<u32> {
    processes().into_iter().filter(|(_, parent, _)| *parent == glomers).map(|(.., group)| group).collect()
}

fn members(groups: &[u32]) -> usize {
    processes().iter().filter(|(.., group)| groups.contains(group)).count()
}

#[test]
fn the_first_one_ends_the_test_and_keeps_what_there_is() {
    first_one("INT", "Ctrl-C");
}

#[test]
fn a_request_to_end_is_as_good() {
    first_one("TERM", "SIGTERM");
}

fn first_one(signal: &str, name: &str) {
    let mut run = Run::start(env!("CARGO_BIN_EXE_echo"), "-w echo --rate 50 --node-count 2");
    run.await_message("echo_ok");
    let nodes = groups(run.glomers.id());
    assert_eq!((nodes.len(), members(&nodes)), (2, 4));
    run.interrupt(signal);
    let (code, stdout, folder) = run.end(|_| ());
    assert_eq!(code, Some(0), "{stdout}");
    assert!(
        stdout.contains("echo: valid")
            && stdout.contains("  stopped       after ")
            && stdout.contains(&format!(" s by {name}")),
        "{stdout}"
    );
    assert_eq!(members(&nodes), 0);
    let results = fs::read_to_string(folder.path().join("store/latest/results.json")).unwrap();
    assert!(results.contains("\"stopped-after\": "), "{results}");
    for file in ["history.edn", "history.jsonl", "messages.jsonl", "report.html"] {
        assert!(Path::new(&folder.path().join("store/latest").join(file)).is_file(), "{file}");
    }
}

#[test]
fn the_second_one_ends_it_at_once() {
    second_one("INT", 130);
}

#[test]
fn a_second_request_ends_it_at_once() {
    second_one("TERM", 143);
}

/// After a partition the network has to rest, which leaves time for the second.
fn second_one(signal: &str, code_of_signal: i32) {
    let mut run = Run::start(env!("CARGO_BIN_EXE_broadcast"), "-w broadcast --nemesis partition");
    run.await_message("broadcast_ok");
    let nodes = groups(run.glomers.id());
    assert_eq!((nodes.len(), members(&nodes)), (5, 10));
    let (code, stdout, folder) = run.end(|run| run.interrupt(signal));
    assert_eq!(code, Some(code_of_signal), "{stdout}");
    assert_eq!(members(&nodes), 0);
    assert!(!folder.path().join("store/latest").exists());
}

#[test]
fn before_the_first_operation_there_is_nothing_to_judge() {
    let mut run = Run::start("cat >/dev/null", "-w echo --node-count 1");
    run.await_message("\"init\"");
    run.interrupt("INT");
    let (code, stdout, _) = run.end(|_| ());
    assert_eq!((code, &*stdout), (Some(255), ""));
}
