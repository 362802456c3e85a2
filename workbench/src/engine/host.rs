//! Real processes on the network, in any language, over pipes and in real time (Maelstrom: `process.clj`). The one module
//! of the workbench that reads a clock and runs programs.
//!
//! A process has three threads: one writes to its stdin, one reads its stdout, one copies its stderr to a log file. They
//! hand lines over and decide nothing, so the test itself stays on one thread, as in simulation.
//!
//! What a process writes is bounded here, however it writes: Maelstrom would take a line of any length, and run out of
//! memory by it; here a line of stdout beyond [`LONGEST_LINE`] ends the node's part in the test, like any other thing that is
//! no message. Nothing that waits to be looked at is larger than that, for each node.

pub(crate) mod line;

use crate::engine::participant::Process;
use glomers_protocol::NodeId;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    cell::RefCell,
    collections::{BTreeSet, VecDeque},
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
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

/// How long a line of stdout may be, in bytes with its newline. No workload has messages of a hundredth of it.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// From this length on, the next line is read when this one has been looked at.
const LONG_LINE: usize = 64 << 10;

/// In which pieces a longer line of stderr is kept.
const LOG_LINE: usize = 64 << 10;

/// How much is shown of each of a crashed process's last lines.
const SHOWN_BYTES: usize = 2000;

/// How many of its last lines a crashed process is reported with.
const LAST_LINES: usize = 32;

/// How long a process that has ended may keep us waiting for the rest of its stderr.
const LOG_PATIENCE: Duration = Duration::from_millis(500);

/// What to run as a node. A line of its stdout has at most 64 MiB; after a longer one, nobody listens to the node.
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

/// What a node wrote to stdout.
pub(crate) struct Output {
    pub(crate) node: NodeId,
    pub(crate) written: Written,
    /// Whether the process was ended by us.
    ended: Arc<AtomicBool>,
    /// Disconnected when it has been looked at.
    _seen: Sender<()>,
}

pub(crate) enum Written {
    Line(Vec<u8>),
    /// A line beyond [`LONGEST_LINE`].
    TooLong,
    /// No more.
    End,
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
            // Ctrl-C is for the test, which ends its nodes itself.
            .process_group(0)
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
                read_lines(stdout, LONGEST_LINE, &tail, |written, seen| {
                    let (node, ended) = (node.clone(), Arc::clone(&ended));
                    sender.send(Output { node, written, ended, _seen: seen }).is_ok()
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

/// A node in a process group of its own. Dropping it ends the process, and those that it started.
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
        // The group has the number of its first process, which stays taken until somebody waits for it.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
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
        lines.push_back(String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]).into_owned());
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

/// Hands over each line of stdout, then its end, unless `hand` says that nobody is there any more.
fn read_lines(stdout: impl Read, longest: usize, tail: &Tail, hand: impl Fn(Written, Sender<()>) -> bool) {
    let (mut reader, mut line) = (BufReader::new(stdout), Vec::new());
    while read_line(&mut reader, longest, &mut line) {
        let is_whole = line.len() < longest || line.ends_with(b"\n");
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        tail.push(text);
        let is_long = text.len() >= LONG_LINE;
        let (seen, is_seen) = channel();
        if !hand(if is_whole { Written::Line(text.to_vec()) } else { Written::TooLong }, seen) {
            return;
        }
        if is_long {
            // It is an error by then: nothing is ever said.
            let _ = is_seen.recv();
        }
        if !is_whole && reader.skip_until(b'\n').is_err() {
            break;
        }
    }
    hand(Written::End, channel().0);
}

/// Reads a line with its newline, or as much of it as is allowed; says whether there was anything.
fn read_line(reader: &mut impl BufRead, longest: usize, line: &mut Vec<u8>) -> bool {
    line.clear();
    line.shrink_to(LONG_LINE);
    reader.take(longest as u64).read_until(b'\n', line).is_ok_and(|read| read > 0)
}

/// The file of a node's stderr, emptied for its first process.
fn open_log(path: &Path, is_first: bool) -> io::Result<File> {
    File::options().create(true).write(true).truncate(is_first).append(!is_first).open(path)
}

/// Copies stderr to the log and, if asked, to ours.
fn copy_log(stderr: impl Read, mut log: Option<File>, shown: Option<&NodeId>, tail: &Tail, end: Sender<()>) {
    let (mut reader, mut line) = (BufReader::new(stderr), Vec::new());
    while read_line(&mut reader, LOG_LINE, &mut line) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        tail.push(text);
        if let Some(log) = &mut log {
            // A full disk must not hold up the node.
            let _ = log.write_all(text).and_then(|()| log.write_all(b"\n"));
        }
        if let Some(node) = shown {
            let _ = writeln!(io::stderr(), "{node}: {}", String::from_utf8_lossy(text));
        }
    }
    drop(end);
}

fn clock() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "hosted nodes live in real time")]
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is handed over of a stdout whose lines may have 8 bytes, with `...` for a line that is too long.
    #[track_caller]
    fn check(stdout: &str, expected: &[&str]) {
        let (sender, handed) = channel();
        read_lines(stdout.as_bytes(), 8, &Tail::default(), |written, _| sender.send(written).is_ok());
        drop(sender);
        let in_words = |written| match written {
            Written::Line(line) => String::from_utf8(line).unwrap(),
            Written::TooLong => "...".to_owned(),
            Written::End => "end".to_owned(),
        };
        assert_eq!(handed.iter().map(in_words).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_line_may_be_as_long_as_allowed() {
        check("", &["end"]);
        check("a\n\nb", &["a", "", "b", "end"]);
        check("1234567\na\n", &["1234567", "a", "end"]);
        check("12345678\na\n", &["...", "a", "end"]);
        check("1234567890123456789\na", &["...", "a", "end"]);
        check("1234567890123456789", &["...", "end"]);
    }

    #[test]
    fn the_next_line_waits_until_a_long_one_was_looked_at() {
        let (sender, handed) = sync_channel(10);
        let stdout = [vec![b'x'; LONG_LINE], b"\nshort\n".to_vec()].concat();
        let reader = thread::spawn(move || {
            read_lines(&stdout[..], LONGEST_LINE, &Tail::default(), |_, seen| sender.send(seen).is_ok());
        });
        let seen = handed.recv().unwrap();
        assert!(handed.try_recv().is_err());
        drop(seen);
        assert_eq!(handed.iter().count(), 2, "a short line and the end");
        reader.join().unwrap();
    }

    #[test]
    fn a_line_of_stderr_without_end_is_kept_in_pieces() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let tail = Tail::default();
        let endless = vec![b'x'; 10 * LOG_LINE];
        copy_log(&endless[..], Some(file.reopen().unwrap()), None, &tail, channel().0);
        let kept = fs::read_to_string(file.path()).unwrap();
        assert_eq!((kept.lines().count(), kept.replace('\n', "").len()), (10, endless.len()));
        assert!(tail.text().len() < 11 * SHOWN_BYTES);
    }
}
