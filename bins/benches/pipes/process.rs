//! A program that speaks Maelstrom's protocol, started in the ways that are measured.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) const INIT: &str = concat!(
    r#"{"id":0,"src":"c1","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#,
    "\n"
);

const PING: &str = concat!(
    r#"{"id":1,"src":"c2","dest":"n1","body":{"type":"echo","msg_id":2,"echo":"Please echo        61"}}"#,
    "\n"
);

/// A program and its arguments.
pub(crate) struct Node {
    path: PathBuf,
    arguments: &'static [&'static str],
}

impl Node {
    /// The node of that name, from the folder of `echo`.
    pub(crate) fn named(name: &str) -> Self {
        Self { path: Path::new(env!("CARGO_BIN_EXE_echo")).with_file_name(name), arguments: &[] }
    }

    /// The handwritten loop.
    pub(crate) fn baseline() -> Self {
        Self { path: std::env::current_exe().unwrap(), arguments: &["loop"] }
    }

    /// The handwritten loop that asks a service first.
    pub(crate) fn baseline_call() -> Self {
        Self { path: std::env::current_exe().unwrap(), arguments: &["loop-call"] }
    }

    /// The echo that asks a service first.
    pub(crate) fn caller() -> Self {
        Self { path: std::env::current_exe().unwrap(), arguments: &["caller"] }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Without a disk, because no two nodes of one parent may share a folder, and disks differ more than programs.
        command.args(self.arguments).env_remove("RUST_LOG").env("GLOMERS_DATA", "");
        command
    }

    /// The time that it takes for all lines of a file. Its answers are discarded.
    pub(crate) fn time(&self, input: &Path) -> Duration {
        let (stdin, begin) = (File::open(input).unwrap(), Instant::now());
        let status = self.command().stdin(stdin).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        begin.elapsed()
    }

    /// Starts it and waits for `init_ok`.
    pub(crate) fn open(&self) -> Opened {
        let mut child = self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut opened =
            Opened { child, stdin: Some(stdin), stdout: BufReader::new(stdout), line: String::new(), last_call: 0 };
        opened.ask(INIT);
        opened
    }

    /// The time from the start to `init_ok`.
    pub(crate) fn start_up(&self) -> Duration {
        let begin = Instant::now();
        let _opened = self.open();
        begin.elapsed()
    }

    /// The most memory that it had in kilobytes, after it has answered all lines of a file through pipes of which
    /// nobody reads for this long. Known on Linux only.
    pub(crate) fn peak_memory(&self, input: &impl AsRef<Path>, delay: Duration) -> u64 {
        let mut opened = self.open();
        let text = std::fs::read(input).unwrap();
        let requests = &text[INIT.len()..];
        let mut stdin = opened.stdin.take().unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                stdin.write_all(requests).unwrap();
                stdin
            });
            std::thread::sleep(delay);
            for _ in 0..requests.iter().filter(|byte| **byte == b'\n').count() {
                opened.read();
            }
            let peak = opened.peak_memory();
            drop(writer.join().unwrap());
            peak
        })
    }
}

/// A running program.
pub(crate) struct Opened {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    line: String,
    /// The number of its last call.
    last_call: i64,
}

/// The answer of `lin-kv` to a call.
fn answer(call: i64) -> String {
    let body = format!(r#"{{"type":"read_ok","in_reply_to":{call},"value":"Please echo        61"}}"#);
    format!("{{\"id\":2,\"src\":\"lin-kv\",\"dest\":\"n1\",\"body\":{body}}}\n")
}

impl Opened {
    /// The round-trip time of a request.
    pub(crate) fn round_trip(&mut self) -> Duration {
        let begin = Instant::now();
        self.ask(PING);
        begin.elapsed()
    }

    /// The same if the request makes it ask `lin-kv`, which is this program and answers at once. Calls are numbered one by one, so
    /// the answer is written before the time begins: the service's time is not the node's.
    pub(crate) fn round_trip_with_call(&mut self) -> Duration {
        self.last_call += 1;
        let answer = answer(self.last_call);
        let begin = Instant::now();
        self.ask(PING);
        self.ask(&answer);
        begin.elapsed()
    }

    /// Lets it make its first call, whose number is random.
    pub(crate) fn first_call(&mut self) {
        self.ask(PING);
        let (_, behind) = self.line.split_once(r#""msg_id":"#).unwrap();
        self.last_call = behind[..behind.find(|byte: char| !byte.is_ascii_digit()).unwrap()].parse().unwrap();
        self.ask(&answer(self.last_call));
    }

    fn ask(&mut self, request: &str) {
        self.stdin.as_mut().unwrap().write_all(request.as_bytes()).unwrap();
        self.read();
    }

    fn read(&mut self) {
        self.line.clear();
        assert!(self.stdout.read_line(&mut self.line).unwrap() > 0);
    }

    fn peak_memory(&self) -> u64 {
        let mut status = String::new();
        let path = format!("/proc/{}/status", self.child.id());
        if File::open(path).and_then(|mut file| file.read_to_string(&mut status)).is_err() {
            return 0;
        }
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.stdin = None;
        let _ = self.child.wait();
    }
}
