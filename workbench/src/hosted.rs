//! Real processes on the network, in any language, over pipes and in real time (Maelstrom: `process.clj`). The one module
//! of the workbench that reads a clock and runs programs.
//!
//! A process has three threads: one writes to its stdin, one reads its stdout, one copies its stderr to a log file. They
//! hand lines over and decide nothing, so the test itself stays on one thread, as in simulation.

use crate::process::Process;
use glomers_protocol::NodeId;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How many lines of stdout may wait to be looked at; a process that floods is held up by its pipe.
const WAITING_LINES: usize = 1024;

/// How many of its last lines a crashed process is reported with.
const LAST_LINES: usize = 32;

/// How long a process that has ended may keep us waiting for the rest of its stderr.
const LOG_PATIENCE: Duration = Duration::from_millis(500);

/// What to run as a node.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where each node's stderr is kept, as `ID.log`. A node that is started again goes on in the same file.
    pub logs: Option<PathBuf>,
    /// Whether the nodes' stderr is shown on ours as well.
    pub show_stderr: bool,
}

impl Program {
    /// The binary without arguments; what it writes to stderr is not kept.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), arguments: Vec::new(), logs: None, show_stderr: false }
    }
}

/// A program could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct StartError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A node whose process ended before the test did.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "node {node} ended with {status} before the test did.\n\nIts last lines on stdout:\n\n{stdout}\n\nand on \
     stderr:\n\n{stderr}"
)]
pub struct Crash {
    node: NodeId,
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

/// Real time, and what the processes write.
pub(crate) struct Host {
    start: Instant,
    lines: Receiver<Output>,
    sender: SyncSender<Output>,
    /// The nodes that have been started.
    started: RefCell<BTreeSet<NodeId>>,
}

/// A line that a node wrote to stdout, or the end of it.
pub(crate) struct Output {
    pub(crate) node: NodeId,
    pub(crate) line: Option<Vec<u8>>,
    /// Whether the process was ended by us.
    ended: Arc<AtomicBool>,
}

impl Output {
    /// Whether the process that wrote it has been killed since. Nobody hears it then: another process may bear the
    /// node's name.
    pub(crate) fn is_late(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Host {
    pub(crate) fn new() -> Self {
        let (sender, lines) = sync_channel(WAITING_LINES);
        Self { start: clock(), lines, sender, started: RefCell::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        clock() - self.start
    }

    /// The next output, if it comes within `timeout`.
    pub(crate) fn output(&self, timeout: Duration) -> Option<Output> {
        match self.lines.recv_timeout(timeout) {
            Ok(output) => Some(output),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => unreachable!("the host keeps a sender"),
        }
    }

    /// Starts the program as the node `id`.
    pub(crate) fn start(&self, program: &Program, id: &NodeId) -> Result<Hosted, StartError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| StartError { action, path, source }
        };
        let path = fs::canonicalize(&program.path).map_err(failed("find", &program.path))?;
        let log = match &program.logs {
            Some(folder) => {
                fs::create_dir_all(folder).map_err(failed("make", folder))?;
                let file = folder.join(format!("{id}.log"));
                let is_first = self.started.borrow_mut().insert(id.clone());
                Some(open_log(&file, is_first).map_err(failed("write", &file))?)
            }
            None => None,
        };
        let mut child = Command::new(&path)
            .args(&program.arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed("run", &path))?;
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let (input, lines) = channel();
        let (last_out, last_err) = (Tail::default(), Tail::default());
        let shown = program.show_stderr.then(|| id.clone());
        let (end, logged) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        thread::spawn(move || write_lines(stdin, &lines));
        thread::spawn({
            let (sender, tail) = (self.sender.clone(), last_out.clone());
            let (node, ended) = (id.clone(), Arc::clone(&ended));
            move || {
                read_lines(stdout, &sender, &tail, |line| Output {
                    node: node.clone(),
                    line,
                    ended: Arc::clone(&ended),
                })
            }
        });
        thread::spawn({
            let tail = last_err.clone();
            move || copy_log(stderr, log, shown.as_ref(), &tail, end)
        });
        Ok(Hosted { id: id.clone(), child, input, last_out, last_err, logged, ended })
    }
}

/// A node in a process of its own. Dropping it ends the process.
pub(crate) struct Hosted {
    id: NodeId,
    child: Child,
    input: Sender<String>,
    last_out: Tail,
    last_err: Tail,
    /// Disconnected when stderr has been read to its end.
    logged: Receiver<()>,
    /// Set when it is ended by us.
    ended: Arc<AtomicBool>,
}

impl Process for Hosted {
    /// A process that has ended takes nothing in; that it has is noticed by its stdout.
    fn deliver(&mut self, id: u64, line: &str, _: Duration) {
        let members = line.trim_start().strip_prefix('{').expect("a message is an object");
        let _ = self.input.send(format!("{{\"id\":{id},{members}\n"));
    }

    fn advance(&mut self, _: Duration) {}

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn drain(&mut self, _: &mut dyn FnMut(&NodeId, &str)) {}

    fn pause(&mut self) {
        self.signal(Signal::STOP);
    }

    fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    fn crash(&mut self, patience: Duration) -> Option<Crash> {
        let deadline = clock() + patience;
        let status = loop {
            match self.child.try_wait().ok()? {
                Some(status) => break status,
                None if clock() >= deadline => return None,
                #[expect(clippy::disallowed_methods, reason = "hosted nodes live in real time")]
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        // Somebody else may hold stderr open; what has been read by then must do.
        let _ = self.logged.recv_timeout(LOG_PATIENCE);
        let (stdout, stderr) = (self.last_out.text(), self.last_err.text());
        Some(Crash { node: self.id.clone(), status, stdout, stderr })
    }
}

impl Hosted {
    /// A process that has ended takes no signal; that it has is noticed by its stdout.
    fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.logged.recv_timeout(LOG_PATIENCE);
    }
}

/// The last lines of a stream, shared with the thread that reads it.
#[derive(Clone, Default)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn push(&self, line: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(line).into_owned());
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Writes lines until there are no more, or the process does not read any more.
fn write_lines(mut stdin: ChildStdin, lines: &Receiver<String>) {
    while let Ok(mut text) = lines.recv() {
        // What waits goes out with it.
        text.extend(lines.try_iter());
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Hands over each line of stdout, then its end.
fn read_lines(
    stdout: ChildStdout,
    sender: &SyncSender<Output>,
    tail: &Tail,
    output: impl Fn(Option<Vec<u8>>) -> Output,
) {
    for_each_line(stdout, |line| {
        tail.push(line);
        sender.send(output(Some(line.to_vec()))).is_ok()
    });
    let _ = sender.send(output(None));
}

/// The file of a node's stderr, emptied for its first process.
fn open_log(path: &Path, is_first: bool) -> io::Result<File> {
    File::options().create(true).write(true).truncate(is_first).append(!is_first).open(path)
}

/// Copies stderr to the log and, if asked, to ours.
fn copy_log(stderr: ChildStderr, mut log: Option<File>, shown: Option<&NodeId>, tail: &Tail, end: Sender<()>) {
    for_each_line(stderr, |line| {
        tail.push(line);
        if let Some(log) = &mut log {
            // A full disk must not hold up the node.
            let _ = log.write_all(line).and_then(|()| log.write_all(b"\n"));
        }
        if let Some(node) = shown {
            let _ = writeln!(io::stderr(), "{node}: {}", String::from_utf8_lossy(line));
        }
        true
    });
    drop(end);
}

/// Calls `each` with each line, until it says no or the stream ends.
fn for_each_line(stream: impl Read, mut each: impl FnMut(&[u8]) -> bool) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if !each(text) {
            return;
        }
        line.clear();
    }
}

fn clock() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "hosted nodes live in real time")]
    Instant::now()
}
