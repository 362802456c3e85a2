//! The node's own process, in a process group of its own: killed, stopped and continued with all that it started.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child as Process, ChildStdin, ChildStdout, Command},
    sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender, channel, unbounded_channel},
};

/// The number of lines of stdout that may wait. A node that writes faster than NATS takes is held up by its pipe.
const WAITING_LINES: usize = 1024;

/// A process that runs. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    group: Pid,
    input: UnboundedSender<String>,
    /// Its lines; ends with its stdout.
    pub(crate) lines: Receiver<String>,
}

impl Child {
    /// Starts a program. `data` is a folder of its own for each node of each epoch.
    pub(crate) fn start(program: &[String], data: Option<&Path>) -> Result<Self> {
        let (path, arguments) = program.split_first().context("expected a program after `--`")?;
        if let Some(data) = data {
            std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
        }
        let mut process = Command::new(path)
            .args(arguments)
            .env("GLOMERS_DATA", data.unwrap_or(Path::new("")))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {path}"))?;
        let group = process.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("it ended at once")?;
        let stdin = process.stdin.take().context("stdin is piped")?;
        let stdout = process.stdout.take().context("stdout is piped")?;
        let (input, waiting) = unbounded_channel();
        let (sender, lines) = channel(WAITING_LINES);
        tokio::spawn(write_lines(stdin, waiting));
        tokio::spawn(async move {
            let mut stdout: tokio::io::Lines<BufReader<ChildStdout>> = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = stdout.next_line().await {
                if sender.send(line).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, group, input, lines })
    }

    /// Gives it a line. One that has ended takes none; its end shows at its stdout.
    pub(crate) fn write(&self, line: impl Into<String>) {
        let _ = self.input.send(line.into());
    }

    pub(crate) fn pause(&self) {
        let _ = kill_process_group(self.group, Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        let _ = kill_process_group(self.group, Signal::CONT);
    }

    /// Kills it and waits for its end.
    pub(crate) async fn kill(mut self) {
        let _ = kill_process_group(self.group, Signal::KILL);
        let _ = self.process.wait().await;
    }

    /// The way it ended, in words.
    pub(crate) async fn status(mut self) -> String {
        self.process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Its id is taken until it has been waited for.
        if self.process.id().is_some() {
            let _ = kill_process_group(self.group, Signal::KILL);
        }
    }
}

/// Writes lines, all that wait at once, until there are no more or nobody reads.
async fn write_lines(mut stdin: ChildStdin, mut lines: UnboundedReceiver<String>) {
    while let Some(mut text) = lines.recv().await {
        text.push('\n');
        while let Ok(line) = lines.try_recv() {
            text.push_str(&line);
            text.push('\n');
        }
        if stdin.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}
