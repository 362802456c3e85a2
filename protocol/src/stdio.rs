//! The one module that touches stdin, stdout, stderr and the clock: it drives a [`Node`] until its input ends.
//!
//! One thread, no channel. Output is held back while more input is at hand and written at once when the input is
//! drained, so a flood costs one write for many replies and a single request none of the waiting. Before the thread
//! waits, everything has been written; while a slow reader keeps it from writing, it reads no further, so neither
//! buffer grows without bound.

use crate::{Context, Handler, Node, Rejected, lines::Lines};
use rand::{TryRng, rngs::SysRng};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsFd, OwnedFd},
    time::{Duration, Instant},
};
use tracing::span::EnteredSpan;
use tracing_subscriber::{filter::Targets, fmt::time::uptime, layer::SubscriberExt, util::SubscriberInitExt};

/// How much output may wait while there are lines at hand.
const OUTPUT_BYTES: usize = 64 * 1024;

/// How long handlers may go on once the input has ended: as long as a client of Maelstrom waits for an answer.
const GRACE: Duration = Duration::from_secs(5);

/// Serves messages from stdin with an `H` and writes to stdout, until stdin ends and every request has been answered.
///
/// Logs go to stderr, warnings by default and what `RUST_LOG` names otherwise (`RUST_LOG=debug`,
/// `RUST_LOG=my_node=trace`). A reader that closes stdout ends the node quietly.
///
/// # Errors
///
/// Reading stdin or writing stdout failed otherwise.
pub fn run<H: Handler>() -> io::Result<()> {
    run_with(H::init)
}

/// As [`run`], with a handler that `make` makes on `init`.
///
/// # Errors
///
/// The same.
pub fn run_with<H: Handler>(make: impl Fn(&Context) -> H + 'static) -> io::Result<()> {
    log_to_stderr();
    drive(
        Node::with(seed()?, make),
        io::stdin().as_fd().try_clone_to_owned()?,
        io::stdout().as_fd().try_clone_to_owned()?,
    )
}

/// Serves messages from `input` with an `H` and writes to `output`: what [`run`] does, over any pair of pipes or sockets.
///
/// # Errors
///
/// Reading or writing failed, except that a reader which closed `output` ends the node quietly.
pub fn run_over<H: Handler>(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> io::Result<()> {
    drive(Node::new::<H>(seed()?), input.into(), output.into())
}

fn log_to_stderr() {
    let filter: Targets = std::env::var("RUST_LOG")
        .ok()
        .filter(|filter| !filter.is_empty())
        .and_then(|filter| filter.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(tracing::Level::WARN));
    let format = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_timer(uptime()).with_target(false);
    // Somebody who has set up logging before keeps it.
    let _ = tracing_subscriber::registry().with(format).with(filter).try_init();
}

fn seed() -> io::Result<u64> {
    SysRng.try_next_u64().map_err(io::Error::other)
}

fn drive(node: Node, input: OwnedFd, output: OwnedFd) -> io::Result<()> {
    let (input, output) = (File::from(input), File::from(output));
    match (Driver { node, input, output, start: clock(), span: None }).run() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

struct Driver {
    node: Node,
    input: File,
    output: File,
    start: Instant,
    /// Names the node in every line it logs; entered when it knows its id.
    span: Option<EnteredSpan>,
}

impl Driver {
    fn run(mut self) -> io::Result<()> {
        let mut lines = Lines::default();
        loop {
            self.wait_for_input()?;
            if lines.fill(&mut self.input)? == 0 {
                break;
            }
            let now = self.now();
            while let Some(line) = lines.next_line() {
                self.deliver(line, now)?;
            }
            self.flush()?;
        }
        if !lines.rest().is_empty() {
            self.deliver(lines.rest(), self.now())?;
        }
        self.finish()
    }

    fn deliver(&mut self, line: &[u8], now: Duration) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.node.deliver(line, now).unwrap_or_else(|rejected: Rejected| tracing::warn!("{rejected}"));
        if let (None, Some(id)) = (&self.span, self.node.id()) {
            self.span = Some(tracing::error_span!("node", %id).entered());
        }
        if self.node.pending_bytes() > OUTPUT_BYTES { self.flush() } else { Ok(()) }
    }

    /// Fires timers until there is input, or its end. Without timers, reading waits by itself.
    fn wait_for_input(&mut self) -> io::Result<()> {
        while let Some(deadline) = self.node.deadline() {
            let timeout = deadline.saturating_sub(self.now());
            let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
            match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => {
                    self.node.advance(self.now());
                    self.flush()?;
                }
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Answers what is still unanswered when no line can come any more.
    fn finish(mut self) -> io::Result<()> {
        let end = self.now() + GRACE;
        self.node.close();
        while self.node.unanswered() > 0 {
            self.flush()?;
            let Some(deadline) = self.node.deadline().filter(|deadline| *deadline <= end) else { break };
            #[expect(clippy::disallowed_methods, reason = "the driver waits so that nodes need not")]
            std::thread::sleep(deadline.saturating_sub(self.now()));
            self.node.advance(self.now());
        }
        self.node.abandon();
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let output = &mut self.output;
        self.node.drain_bytes(|bytes| if bytes.is_empty() { Ok(()) } else { output.write_all(bytes) })
    }

    fn now(&self) -> Duration {
        clock() - self.start
    }
}

fn clock() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the one place where a node's clock is read")]
    Instant::now()
}
