//! Nodes as processes, on real files: what a killed node finds again, whose data it finds, and how a node ends that cannot
//! have its data.
//!
//! The program is also the node of its tests: with the argument `node`, it counts and keeps its additions. A test writes
//! requests to nodes one at a time and reads the replies.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_protocol::{
    Context, DiskError, Log,
    g_counter::{Add, AddOk, Read, ReadOk},
    handler, run,
};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit, test_kill_process};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader, Read as _, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitCode, Stdio},
    thread,
};
use tempfile::TempDir;

struct Counter {
    total: Cell<i64>,
    log: Option<Log<i64>>,
}

#[handler(g_counter)]
impl Counter {
    #[init]
    fn new(cx: &Context) -> Result<Self, DiskError> {
        let Some(disk) = cx.disk()? else { return Ok(Self { total: Cell::new(0), log: None }) };
        let (log, additions) = Log::<i64>::open(&disk, "additions")?;
        Ok(Self { total: Cell::new(additions.iter().sum()), log: Some(log) })
    }

    async fn add(&self, request: Add) -> AddOk {
        self.total.update(|total| total + request.delta);
        log::debug!("added {}", request.delta);
        let Some(log) = &self.log else { return AddOk {} };
        log.append(&request.delta);
        if log.wants_compaction() {
            log.compact(&[self.total.get()]);
        }
        log.sync().await;
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.total.get() }
    }
}

type Test = (&'static str, fn());

/// The tests. A harness would write to stdout, which is the node's.
const TESTS: [Test; 12] = [
    ("killed_nodes_find_what_they_acknowledged", killed_nodes_find_what_they_acknowledged),
    ("a_restarted_node_finds_its_data_without_being_told", a_restarted_node_finds_its_data_without_being_told),
    ("another_test_of_the_same_maelstrom_is_another_run", another_test_of_the_same_maelstrom_is_another_run),
    ("a_folder_in_use_is_left_alone", a_folder_in_use_is_left_alone),
    ("a_folder_that_cannot_be_made_ends_the_node", a_folder_that_cannot_be_made_ends_the_node),
    ("a_folder_of_a_newer_format_is_left_alone", a_folder_of_a_newer_format_is_left_alone),
    ("a_folder_of_something_else_is_left_alone", a_folder_of_something_else_is_left_alone),
    ("damaged_data_ends_the_node", damaged_data_ends_the_node),
    ("an_id_does_not_lead_out_of_the_folder", an_id_does_not_lead_out_of_the_folder),
    ("a_node_waits_for_space", a_node_waits_for_space),
    ("a_node_without_a_disk_makes_no_file", a_node_without_a_disk_makes_no_file),
    ("libraries_that_use_log_write_to_the_same_log", libraries_that_use_log_write_to_the_same_log),
];

#[expect(clippy::print_stderr, reason = "a harness names its tests")]
fn main() -> ExitCode {
    let word = env::args().nth(1).unwrap_or_default();
    match &*word {
        "node" => run::<Counter>().unwrap(),
        filter => {
            for (name, test) in TESTS.iter().filter(|(name, _)| filter.starts_with('-') || name.contains(filter)) {
                eprintln!("test {name}");
                test();
            }
        }
    }
    ExitCode::SUCCESS
}

/// A running node, or a shell that runs one after the other.
struct Process {
    child: Child,
    replies: BufReader<ChildStdout>,
    id: &'static str,
    requests: u64,
}

impl Process {
    /// A node with its data in `data`.
    fn node(id: &'static str, data: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("node").env("GLOMERS_DATA", data);
        Self::start(id, command)
    }

    /// A shell that runs `script`, in which `"$0"` is this program, and that has its temporary files in `temporary`.
    fn shell(id: &'static str, script: &str, temporary: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(env::current_exe().unwrap());
        command.env_remove("GLOMERS_DATA").env("TMPDIR", temporary).current_dir(temporary);
        Self::start(id, command)
    }

    fn start(id: &'static str, mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let replies = BufReader::new(child.stdout.take().unwrap());
        Self { child, replies, id, requests: 0 }
    }

    fn send(&mut self, mut body: Value) {
        self.requests += 1;
        body["msg_id"] = self.requests.into();
        let message = json!({"src": "c1", "dest": self.id, "body": body});
        writeln!(self.child.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn reply(&mut self) -> Value {
        let mut line = String::new();
        self.replies.read_line(&mut line).unwrap();
        let reply: Value = serde_json::from_str(&line).unwrap();
        reply["body"].clone()
    }

    fn init(&mut self) -> Value {
        self.send(json!({"type": "init", "node_id": self.id, "node_ids": [self.id]}));
        self.reply()
    }

    /// Starts a node that has to come up, and returns its counter.
    fn start_and_read(&mut self) -> i64 {
        let reply = self.init();
        assert_eq!(reply["type"], "init_ok", "{reply}");
        self.send(json!({"type": "read"}));
        self.reply()["value"].as_i64().unwrap()
    }

    fn add(&mut self, delta: i64) {
        self.send(json!({"type": "add", "delta": delta}));
        assert_eq!(self.reply()["type"], "add_ok");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Checks that `init` ends the node: error 13 to the client, the same text on stderr, and exit code 1.
    fn refuses(mut self, text: &str) {
        let reply = self.init();
        assert_eq!(reply["code"], 13, "{reply}");
        let told = reply["text"].as_str().unwrap();
        assert!(told.contains(text), "{told}\n{text}");
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let reason = told.strip_prefix("the node cannot start: ").unwrap();
        assert_eq!(errors, format!("error: the node stopped: {reason}\n"));
        assert_eq!(self.child.wait().unwrap().code(), Some(1));
    }
}

impl Drop for Process {
    /// Leaves no process behind when a test fails.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills the node that has the folder, and waits until it is gone: a dying process can still take a line from its input.
fn kill_holder(folder: &Path) {
    let pid: i32 = fs::read_to_string(folder.join(".lock")).unwrap().trim_end().parse().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    while test_kill_process(pid).is_ok() {
        thread::yield_now();
    }
}

/// The only folder in a folder.
fn only(folder: &Path) -> PathBuf {
    let folders: Vec<PathBuf> = folders(folder);
    let [folder] = &folders[..] else { panic!("{folders:?}") };
    folder.clone()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The files of a folder with their contents.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn killed_nodes_find_what_they_acknowledged() {
    let data = TempDir::new().unwrap();
    let mut totals = [0; 3];
    for round in 0..5 {
        let start = |id| Process::node(id, data.path());
        let mut nodes = ["n1", "n2", "n3"].map(start);
        for (node, total) in nodes.iter_mut().zip(&mut totals) {
            assert_eq!(node.start_and_read(), *total);
            for delta in 1..=10 {
                node.add(delta + round);
                *total += delta + round;
            }
        }
        nodes.into_iter().for_each(Process::kill);
        totals[1] += 1_000_000;
        let mut second = start("n2");
        second.start_and_read();
        second.add(1_000_000);
        second.kill();
    }
}

fn a_restarted_node_finds_its_data_without_being_told() {
    let temporary = TempDir::new().unwrap();
    let script = r#""$0" node; "$0" node; true"#;
    let mut one = Process::shell("n1", script, temporary.path());
    assert_eq!(one.start_and_read(), 0);
    one.add(3);
    let run = only(&only(temporary.path()));
    let mut two = Process::shell("n1", script, temporary.path());
    assert_eq!(two.start_and_read(), 0, "the data of another run");
    two.add(4);
    kill_holder(&run.join("n1"));
    assert_eq!(one.start_and_read(), 3);
    one.kill();
    two.kill();
}

/// Maelstrom keeps a node's log open, in a folder that is that of the test.
fn another_test_of_the_same_maelstrom_is_another_run() {
    let temporary = TempDir::new().unwrap();
    let log = |test: &str| {
        let folder = temporary.path().join("store").join(test).join("node-logs");
        fs::create_dir_all(&folder).unwrap();
        folder.join("n1.log").to_str().unwrap().to_owned()
    };
    let (one, two) = (log("20260101T000000"), log("20260101T000100"));
    let script = [&one, &two, &one].map(|log| format!(r#"exec 5>"{log}"; "$0" node"#)).join("; ");
    let mut maelstrom = Process::shell("n1", &format!("{script}; true"), temporary.path());
    let runs = || folders(&folders(temporary.path())[0]);
    assert_eq!(maelstrom.start_and_read(), 0);
    maelstrom.add(3);
    kill_holder(&runs()[0].join("n1"));
    assert_eq!(maelstrom.start_and_read(), 0);
    maelstrom.add(4);
    kill_holder(&runs()[1].join("n1"));
    assert_eq!(maelstrom.start_and_read(), 3);
    maelstrom.kill();
}

fn a_folder_in_use_is_left_alone() {
    let data = TempDir::new().unwrap();
    let mut first = Process::node("n1", data.path());
    assert_eq!(first.start_and_read(), 0);
    first.add(5);
    let folder = data.path().join("n1");
    let before = contents(&folder);
    let text = format!("`{}` is in use by process {}", folder.display(), first.child.id());
    Process::node("n1", data.path()).refuses(&text);
    assert_eq!(contents(&folder), before);
    // Another node is not in its way.
    let mut other = Process::node("n2", data.path());
    assert_eq!(other.start_and_read(), 0);
    first.add(1);
    first.kill();
    other.kill();
    assert_eq!(Process::node("n1", data.path()).start_and_read(), 6);
}

fn a_folder_that_cannot_be_made_ends_the_node() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("file");
    fs::write(&file, "text").unwrap();
    let text = format!("cannot make the data folder `{}`: ", file.join("n1").display());
    Process::node("n1", &file).refuses(&text);
    assert_eq!(fs::read_to_string(file).unwrap(), "text");
}

fn a_folder_of_a_newer_format_is_left_alone() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("n1");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(".format"), "2\n").unwrap();
    fs::write(folder.join("additions"), "in another way").unwrap();
    let before = contents(&folder);
    Process::node("n1", data.path()).refuses("/n1/.format` has format 2, but this program reads formats up to 1");
    assert_eq!(contents(&folder), before);
}

fn a_folder_of_something_else_is_left_alone() {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("n1");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("thesis"), "").unwrap();
    let before = contents(&folder);
    Process::node("n1", data.path()).refuses("none that says that it is a node's data folder: nothing was changed");
    assert_eq!(contents(&folder), before);
}

fn damaged_data_ends_the_node() {
    let data = TempDir::new().unwrap();
    let mut node = Process::node("n1", data.path());
    node.start_and_read();
    node.add(5);
    node.kill();
    let file = data.path().join("n1").join("additions.log");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, &bytes).unwrap();
    Process::node("n1", data.path())
        .refuses("`additions.log` is damaged at byte 16: the checksum of a frame of 1 bytes");
    assert_eq!(fs::read(&file).unwrap(), bytes);
    // Without its last byte it is what a crash leaves.
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(Process::node("n1", data.path()).start_and_read(), 0);
}

fn an_id_does_not_lead_out_of_the_folder() {
    let data = TempDir::new().unwrap();
    let inside = data.path().join("data");
    let mut node = Process::node("../n1", &inside);
    assert_eq!(node.start_and_read(), 0);
    assert_eq!(only(data.path()), inside);
    assert_eq!(only(&inside), inside.join("%2e.%2fn1"));
    node.kill();
}

/// A limit on the length of files is the full disk that a test can have without a disk of its own.
fn a_node_waits_for_space() {
    let temporary = TempDir::new().unwrap();
    let script = r#"trap "" XFSZ; ulimit -S -f 2; exec "$0" node"#;
    let mut node = Process::shell("n1", script, temporary.path());
    assert_eq!(node.start_and_read(), 0);
    for _ in 0..500 {
        node.send(json!({"type": "add", "delta": 1}));
    }
    node.send(json!({"type": "read"}));
    // The read overtakes what waits for space.
    let mut acknowledged = 0;
    while node.reply()["type"] != "read_ok" {
        acknowledged += 1;
    }
    assert!(acknowledged < 500);
    let folder = only(&only(temporary.path())).join("n1");
    let length = fs::metadata(folder.join("additions.log")).map_or(0, |file| file.len());
    assert!(length <= 2048, "{length}");
    let pid = Pid::from_raw(i32::try_from(node.child.id()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    for _ in acknowledged..500 {
        assert_eq!(node.reply()["type"], "add_ok");
    }
    node.kill();
    assert!(fs::metadata(folder.join("additions.log")).unwrap().len() > 2048);
    let mut next = Process::node("n1", folder.parent().unwrap());
    assert_eq!(next.start_and_read(), 500);
    next.kill();
}

fn a_node_without_a_disk_makes_no_file() {
    let temporary = TempDir::new().unwrap();
    let mut node = Process::shell("n1", r#"GLOMERS_DATA= exec "$0" node"#, temporary.path());
    assert_eq!(node.start_and_read(), 0);
    node.add(2);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    node.kill();
}

/// The node logs with the crate `log` what it adds, and its library with `tracing` how long a sync took.
fn libraries_that_use_log_write_to_the_same_log() {
    let data = TempDir::new().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg("node").env("GLOMERS_DATA", data.path()).env("RUST_LOG", "debug");
    let mut node = Process::start("n1", command);
    node.start_and_read();
    node.add(7);
    let mut lines = BufReader::new(node.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut line =
        |text: &str| lines.find(|line| line.contains(text)).unwrap_or_else(|| panic!("no line has {text:?}"));
    let added = line("DEBUG node{id=n1}: added 7");
    let synced = line("DEBUG node{id=n1}: synced the disk in ");
    assert!(added < synced, "their times are in order:\n{added}\n{synced}");
    node.kill();
}
