//! A command that injects faults into nodes which this program does not host. `sh` runs it once for each step, with the step
//! as one line of JSON on stdin; what it prints is its answer. A thread of its own waits for it, so the test goes on.

use crate::engine::host::process::clock;
use glomers_protocol::Json;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// The time that a step may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The time between two looks at a command that runs.
const POLL: Duration = Duration::from_millis(5);

/// The longest wait for output after the end of a command: a process that it leaves behind may hold its pipes.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// The number of bytes of output that are kept.
const KEPT_OUTPUT: u64 = 64 << 10;

/// The answer of a command to a step.
pub(crate) type Answer = Result<Json, CommandError>;

/// A step that a command did not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("`sh` cannot be run: {0}")]
    Start(io::Error),
    #[error("it ended with {status}; {}", said(stderr))]
    Failed { status: ExitStatus, stderr: String },
    #[error("it did not end within {TIMEOUT:?}; {}", said(stderr))]
    TimedOut { stderr: String },
}

fn said(stderr: &str) -> String {
    match stderr.trim() {
        "" => "stderr was empty".to_owned(),
        text => format!("stderr: {text}"),
    }
}

/// A command, and the steps that it has not done yet.
pub(crate) struct FaultCommand {
    steps: Sender<String>,
    answers: Receiver<Answer>,
}

impl FaultCommand {
    /// A command line for `sh`.
    pub(crate) fn new(command: &str) -> Self {
        let (steps, waiting) = channel::<String>();
        let (sender, answers) = channel();
        let command = command.to_owned();
        thread::spawn(move || {
            waiting.iter().map(|step| call(&command, &step)).try_for_each(|answer| sender.send(answer))
        });
        Self { steps, answers }
    }

    /// Has the command do a step after all earlier ones.
    pub(crate) fn ask(&self, step: &str) {
        // The thread ends only with this object.
        let _ = self.steps.send(step.to_owned());
    }

    /// The answer to the first step that has none yet, if it comes within `timeout`.
    pub(crate) fn answer(&self, timeout: Duration) -> Option<Answer> {
        self.answers.recv_timeout(timeout).ok()
    }
}

/// Runs the command once.
pub(crate) fn call(command: &str, step: &str) -> Answer {
    let mut child = Command::new("sh")
        .args(["-c", command])
        // Ctrl-C is for the test, which heals what it has broken before it ends.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(CommandError::Start)?;
    let stdout = collect(child.stdout.take().expect("it is piped"));
    let stderr = collect(child.stderr.take().expect("it is piped"));
    let mut stdin = child.stdin.take().expect("it is piped");
    // A command that does not read its input ends as it likes.
    let _ = writeln!(stdin, "{step}");
    drop(stdin);
    let status = wait(&mut child);
    let text = |output: Receiver<String>| output.recv_timeout(OUTPUT_GRACE).unwrap_or_default();
    match status {
        Some(status) if status.success() => Ok(read(text(stdout).trim())),
        Some(status) => Err(CommandError::Failed { status, stderr: text(stderr) }),
        None => Err(CommandError::TimedOut { stderr: text(stderr) }),
    }
}

/// JSON, or else the text itself.
fn read(output: &str) -> Json {
    serde_json::from_str(output).unwrap_or_else(|_| Json::from(output))
}

/// Reads the beginning of a pipe, and the rest of it away.
fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, text) = channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        let _ = pipe.by_ref().take(KEPT_OUTPUT).read_to_end(&mut kept);
        let _ = io::copy(&mut pipe, &mut io::sink());
        sender.send(String::from_utf8_lossy(&kept).into_owned())
    });
    text
}

/// The status of a command that ends in time. One that does not is killed, with the processes that it started.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = clock() + TIMEOUT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if clock() < deadline => {
                #[expect(clippy::disallowed_methods, reason = "a command lives in real time")]
                thread::sleep(POLL);
            }
            _ => {
                // The group has the number of its first process, which stays taken until the process is waited for.
                let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: Result<&str, &str>) {
        let answer = call(command, r#"{"fault":"heal"}"#).map(|json| json.as_str().to_owned());
        match expected {
            Ok(text) => assert_eq!(answer.unwrap(), text, "{command}"),
            Err(part) => {
                let error = answer.unwrap_err().to_string();
                assert!(error.contains(part), "{command}: {error}");
            }
        }
    }

    #[test]
    fn a_command_reads_a_step_and_prints_its_answer() {
        check("cat", Ok(r#"{"fault":"heal"}"#));
        check("echo done", Ok(r#""done""#));
        check("exec 0<&-", Ok(r#""""#));
        check("no-such-command-here", Err("127"));
        check("echo 'n1: no route to host' >&2; exit 3", Err("exit status: 3; stderr: n1: no route to host"));
        check("kill -9 $$", Err("signal: 9 (SIGKILL); stderr was empty"));
    }

    #[test]
    fn a_process_that_is_left_behind_holds_nobody_up() {
        check("sleep 2 & exit 4", Err("exit status: 4"));
    }

    #[test]
    fn steps_are_done_in_their_order() {
        let command = FaultCommand::new("cat");
        ["1", "2", "3"].into_iter().for_each(|step| command.ask(step));
        let answers = (0..3).map(|_| command.answer(Duration::from_secs(10)).unwrap().unwrap().to_string());
        assert_eq!(answers.collect::<Vec<_>>(), ["1", "2", "3"]);
    }
}
