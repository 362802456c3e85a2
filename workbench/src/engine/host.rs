//! Real processes on the network, in any language, over pipes and in real time (Maelstrom: `process.clj`). The only part of
//! the workbench that reads a clock and runs programs.
//!
//! A process has three threads: one writes to its stdin, one reads its stdout, one copies its stderr to a log file. They
//! hand lines over and decide nothing, so the test itself stays on one thread, as in simulation.

pub(crate) mod command;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod process;
pub(crate) mod program;
mod tail;

use crate::engine::host::{
    process::{HostedNode, Written, clock},
    program::{Program, StartError},
};
use glomers_json::SortedSet;
use glomers_protocol::NodeId;
use std::{
    cell::RefCell,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

/// The number of lines of stdout that may wait to be looked at. A process that floods is held up by its pipe.
const WAITING_LINES: usize = 1024;

/// Real time, and the lines that processes write.
pub(crate) struct Host {
    start: Instant,
    lines: Receiver<Written>,
    sender: SyncSender<Written>,
    /// The nodes that have been started.
    started: RefCell<SortedSet<NodeId>>,
}

impl Host {
    pub(crate) fn new() -> Self {
        let (sender, lines) = sync_channel(WAITING_LINES);
        Self { start: clock(), lines, sender, started: RefCell::default() }
    }

    pub(crate) fn now(&self) -> Duration {
        clock() - self.start
    }

    /// The next line of a process, if it comes within `timeout`.
    pub(crate) fn next_written(&self, timeout: Duration) -> Option<Written> {
        match self.lines.recv_timeout(timeout) {
            Ok(written) => Some(written),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => unreachable!("the host keeps a sender"),
        }
    }

    /// Starts the program as the node `id`.
    pub(crate) fn start(&self, program: &Program, id: &NodeId) -> Result<HostedNode, StartError> {
        let is_first = self.started.borrow_mut().insert(id.clone());
        let log = program.open_log(id, is_first)?;
        let child = program.spawn(&program.data_of(id)?)?;
        Ok(HostedNode::new(id, child, log, program.show_stderr, &self.sender))
    }
}
