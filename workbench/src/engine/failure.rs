//! Failures of nodes that end a test before its verdict: a node that ended, or that did not get ready.

use glomers_protocol::NodeId;
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// A node's failure that ended the test. The run is kept, but has no verdict.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NodeFailure {
    /// A process ended before the test did.
    #[error("{0}")]
    Crash(Crash),
    /// A node did not answer `init`, or what the workload sends it before the first operation.
    #[error("{0}")]
    NotReady(NotReady),
}

impl NodeFailure {
    /// The node that failed.
    pub fn node(&self) -> &NodeId {
        match self {
            Self::Crash(crash) => &crash.node,
            Self::NotReady(not_ready) => &not_ready.node,
        }
    }
}

/// A node whose process ended before the test did.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Crash {
    /// The node.
    pub node: NodeId,
    /// The status with which it ended, in words.
    pub status: String,
    /// The last message that it was sent.
    pub last_message: Option<String>,
    /// The end of its output.
    pub output: Output,
}

/// A node that did not get ready.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct NotReady {
    /// The node.
    pub node: NodeId,
    /// The reason, in words.
    pub reason: String,
    /// The request that it was to answer.
    pub request: String,
    /// The answer that was expected.
    pub expected: String,
    /// The end of its output; `None` for a simulated node.
    pub output: Option<Output>,
}

/// The end of a process's output.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Output {
    /// The last lines of its stdout.
    pub stdout: String,
    /// The bytes of stdout behind the last newline.
    pub unfinished: Option<Unfinished>,
    /// The last lines of its stderr.
    pub stderr: String,
    /// The file that holds all of its stderr.
    pub log: Option<PathBuf>,
}

/// The beginning of a line that has no newline yet.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Unfinished {
    /// The number of bytes.
    pub bytes: usize,
    /// The text; only the beginning of a long one.
    pub text: String,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ended with {} before the test did", self.node, self.status)?;
        match &self.last_message {
            Some(message) => write!(f, "\n\nThe last message that it was sent:\n\n  {message}")?,
            None => write!(f, "\n\nIt had been sent nothing.")?,
        }
        let Output { stdout, stderr, log, .. } = &self.output;
        lines(f, "Its last lines on stdout", stdout)?;
        lines(f, "Its last lines on stderr", stderr)?;
        all_of_it(f, log.as_ref())
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not get ready: {}", self.node, self.reason)?;
        write!(f, "\n\n  sent:     {}\n  expected: {}", self.request, self.expected)?;
        let Some(Output { stdout, unfinished, stderr, log }) = &self.output else { return Ok(()) };
        let node = &self.node;
        match unfinished {
            Some(Unfinished { bytes, text }) => write!(
                f,
                "\n\n{node} wrote {bytes} bytes to stdout without a newline at the end: {text}\nEnd each message with \\n."
            )?,
            None if stdout.is_empty() => {
                write!(f, "\n\nNothing came on stdout of {node}; is it flushed after each line?")?;
            }
            None => lines(f, "Its last lines on stdout", stdout)?,
        }
        lines(f, "Its last lines on stderr", stderr)?;
        all_of_it(f, log.as_ref())
    }
}

fn lines(f: &mut fmt::Formatter<'_>, title: &str, text: &str) -> fmt::Result {
    if text.is_empty() {
        return write!(f, "\n\n{title}: none.");
    }
    write!(f, "\n\n{title}:\n\n{text}")
}

fn all_of_it(f: &mut fmt::Formatter<'_>, log: Option<&PathBuf>) -> fmt::Result {
    log.map_or(Ok(()), |log| write!(f, "\n\nAll of its stderr: {}", log.display()))
}
