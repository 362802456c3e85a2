//! A node in a process of its own, and the threads that serve its pipes.

use crate::engine::{
    failure::{Crash, Output},
    host::{
        lines::{LONG_LINE, LONGEST_LINE, LineReader, RawLine},
        tail::Tail,
    },
    participant::Participant,
    violation::shown,
};
use glomers_protocol::{NodeId, Rejected};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// The length of the pieces in which a longer line of stderr is kept.
const LOG_LINE: usize = 64 << 10;

/// The longest wait for the rest of a process's stderr after its end.
const LOG_GRACE: Duration = Duration::from_millis(500);

/// The time between two looks at a process that is about to end.
const END_POLL: Duration = Duration::from_millis(5);

/// A line of a node's stdout.
pub(crate) struct Written {
    pub(crate) node: NodeId,
    /// `None` at the end of stdout.
    pub(crate) line: Option<RawLine>,
    /// Set when the process was ended by the test.
    ended: Arc<AtomicBool>,
    /// Disconnected when the line has been looked at.
    _seen: Sender<()>,
}

impl Written {
    /// Tells whether the process that wrote it has been killed since. Its lines are dropped then: another process may bear
    /// the node's name.
    pub(crate) fn is_late(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// A node in a process group of its own. Dropping it ends the process, and those that it started.
pub(crate) struct HostedNode {
    id: NodeId,
    child: Child,
    input: Sender<String>,
    last_message: Option<String>,
    stdout: Tail,
    stderr: Tail,
    log: Option<PathBuf>,
    /// Disconnected when stderr has been read to its end.
    logged: Receiver<()>,
    /// Set when the process is ended by the test.
    ended: Arc<AtomicBool>,
}

impl HostedNode {
    pub(super) fn new(
        id: &NodeId,
        mut child: Child,
        log: Option<(PathBuf, File)>,
        shows_stderr: bool,
        sender: &SyncSender<Written>,
    ) -> Self {
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let (input, lines) = channel();
        let (last_out, last_err) = (Tail::default(), Tail::default());
        let (end, logged) = channel();
        let ended = Arc::new(AtomicBool::new(false));
        thread::spawn(move || write_lines(stdin, &lines));
        thread::spawn({
            let (sender, tail, node, ended) = (sender.clone(), last_out.clone(), id.clone(), Arc::clone(&ended));
            move || {
                read_lines(stdout, &tail, |line, seen| {
                    let (node, ended) = (node.clone(), Arc::clone(&ended));
                    sender.send(Written { node, line, ended, _seen: seen }).is_ok()
                })
            }
        });
        let (log, file) = log.unzip();
        let shown = shows_stderr.then(|| id.clone());
        thread::spawn({
            let tail = last_err.clone();
            move || copy_log(stderr, file, shown.as_ref(), &tail, end)
        });
        Self {
            id: id.clone(),
            child,
            input,
            last_message: None,
            stdout: last_out,
            stderr: last_err,
            log,
            logged,
            ended,
        }
    }

    /// Sends a signal. A process that has ended takes none; its end is noticed by its stdout.
    fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

impl Participant for HostedNode {
    /// A process that has ended takes nothing in; its end is noticed by its stdout.
    fn deliver(&mut self, id: u64, line: &str, _: Duration) -> Result<(), Rejected> {
        let members = line.trim_start().strip_prefix('{').expect("a message is an object");
        let line = format!("{{\"id\":{id},{members}");
        self.last_message = Some(shown(&line));
        let _ = self.input.send(line + "\n");
        Ok(())
    }

    fn advance(&mut self, _: Duration) {}

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn drain(&mut self, _: &mut dyn FnMut(&NodeId, Rc<str>)) {}

    fn pause(&mut self) {
        self.signal(Signal::STOP);
    }

    fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    fn crash(&mut self, grace: Duration) -> Option<Crash> {
        let deadline = clock() + grace;
        let status = loop {
            match self.child.try_wait().ok()? {
                Some(status) => break status,
                None if clock() >= deadline => return None,
                #[expect(clippy::disallowed_methods, reason = "hosted nodes live in real time")]
                None => thread::sleep(END_POLL),
            }
        };
        // Another process may hold stderr open; what has been read by then must do.
        let _ = self.logged.recv_timeout(LOG_GRACE);
        let output = self.output().unwrap_or_default();
        Some(Crash {
            node: self.id.clone(),
            status: status.to_string(),
            last_message: self.last_message.clone(),
            output,
        })
    }

    fn output(&self) -> Option<Output> {
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        Some(Output { stdout, unfinished: self.stdout.unfinished(), stderr, log: self.log.clone() })
    }
}

impl Drop for HostedNode {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // The group has the number of its first process, which stays taken until the process is waited for.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.logged.recv_timeout(LOG_GRACE);
    }
}

/// Writes lines until there are no more, or the process does not read any more.
fn write_lines(mut stdin: ChildStdin, lines: &Receiver<String>) {
    while let Ok(mut text) = lines.recv() {
        // Lines that wait go out with it.
        text.extend(lines.try_iter());
        if stdin.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Hands over each line of stdout, then its end, until `hand` returns false. The line behind a long one is read when the
/// long one has been looked at, so the lines that wait take bounded memory.
fn read_lines(stdout: impl Read, tail: &Tail, hand: impl Fn(Option<RawLine>, Sender<()>) -> bool) {
    let mut reader = LineReader::new(stdout, LONGEST_LINE);
    while let Some(line) = reader.next(|begin| tail.begin(begin)) {
        tail.push(&line.bytes);
        let is_long = line.bytes.len() >= LONG_LINE;
        let (seen, is_seen) = channel();
        if !hand(Some(line), seen) {
            return;
        }
        if is_long {
            // It is an error by then: nothing is ever sent.
            let _ = is_seen.recv();
        }
    }
    hand(None, channel().0);
}

/// Copies stderr to the log and, if asked, to this program's stderr.
fn copy_log(stderr: impl Read, mut log: Option<File>, shown: Option<&NodeId>, tail: &Tail, end: Sender<()>) {
    let (mut reader, mut line) = (BufReader::new(stderr), Vec::new());
    while reader.by_ref().take(LOG_LINE as u64).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        tail.push(text);
        if let Some(log) = &mut log {
            // A full disk must not hold up the node.
            let _ = log.write_all(text).and_then(|()| log.write_all(b"\n"));
        }
        if let Some(node) = shown {
            let _ = writeln!(io::stderr(), "{node}: {}", String::from_utf8_lossy(text));
        }
        line.clear();
    }
    drop(end);
}

pub(super) fn clock() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "hosted nodes live in real time")]
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::host::tail::SHOWN_BYTES;
    use std::{fs, sync::mpsc::sync_channel};

    #[test]
    fn the_next_line_waits_until_a_long_one_was_looked_at() {
        let (sender, handed) = sync_channel(10);
        let stdout = [vec![b'x'; LONG_LINE], b"\nshort\n".to_vec()].concat();
        let reader = thread::spawn(move || {
            read_lines(&stdout[..], &Tail::default(), |_, seen| sender.send(seen).is_ok());
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
