//! The only module that touches stdin, stdout, stderr and the clock. It drives a [`Node`] until its input ends or it fails.
//!
//! There is one thread and no channel. Output is held back while more input is available and written when the input is
//! used up: a flood of requests costs one write for many replies, and a single request does not wait. Before the thread
//! waits it has written everything. While a slow reader blocks its writes it does not read, so neither buffer grows
//! without bound.

use crate::{
    context::Context,
    data_folder::Place,
    failure::Failure,
    handler::{Handler, IntoHandler},
    lines::Lines,
    messages::{Read, Unread},
    node::Node,
    storage::folder::Folder,
};
use rand::{TryRng, rngs::SysRng};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    time::{Duration, Instant},
};
use tracing::span::EnteredSpan;
use tracing_subscriber::{filter::Targets, fmt::time::uptime, layer::SubscriberExt, util::SubscriberInitExt};

/// The size of the output at which it is written although more input is available.
const OUTPUT_BYTES: usize = 64 * 1024;

/// The time that handlers get after the input has ended: as long as a client of Maelstrom waits for a reply.
const GRACE: Duration = Duration::from_secs(5);

/// Serves messages from stdin with an `H` and writes to stdout, until stdin ends and every request has been answered.
///
/// Logs of the crates `tracing` and `log` go to stderr: warnings, or the levels in `RUST_LOG` (`RUST_LOG=debug`,
/// `RUST_LOG=my_node=trace`). At the level `debug` each sync of the disk is a line. If the reader closes stdout, the node
/// stops without an error.
///
/// A handler that asks for its [disk](Context::disk) gets the folder `NODE` in the folder that the environment variable
/// `GLOMERS_DATA` names. If the variable is empty, there is no disk. Without it, the run has a folder among the temporary files: a restarted node of the same run finds its
/// data there, a node of another run does not.
///
/// A node that [fails](crate::Failure) ends the process with code 1, after it has written the error to stderr.
///
/// # Errors
///
/// If reading stdin or writing stdout fails.
pub fn run<H: Handler>() -> io::Result<()> {
    run_with::<H, _>(H::init)
}

/// Does the same as [`run`], with a handler that `make` makes when the node receives `init`.
///
/// # Errors
///
/// If reading stdin or writing stdout fails.
pub fn run_with<H: Handler, M: IntoHandler<H>>(make: impl Fn(&Context) -> M + 'static) -> io::Result<()> {
    run_in(None, make)
}

/// Does the same as [`run_with`], with the node's data in the folder `NODE` in `data`.
///
/// # Errors
///
/// If reading stdin or writing stdout fails.
pub fn run_in<H: Handler, M: IntoHandler<H>>(
    data: Option<PathBuf>,
    make: impl Fn(&Context) -> M + 'static,
) -> io::Result<()> {
    log_to_stderr();
    let node = Node::with(seed()?, make);
    let (input, output) = (io::stdin().as_fd().try_clone_to_owned()?, io::stdout().as_fd().try_clone_to_owned()?);
    if let Some(failure) = drive(node, data, input, output)? {
        // Not by way of the log, which `RUST_LOG` can silence. Nothing is left to do if nobody reads it.
        let _ = writeln!(io::stderr(), "error: the node stopped: {failure}");
        std::process::exit(1);
    }
    Ok(())
}

/// Does the same as [`run`] over any pair of pipes or sockets, without setting up logs.
///
/// # Errors
///
/// If reading or writing fails, or the node does. If the reader closes `output`, the node stops without an error.
pub fn run_over<H: Handler>(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> io::Result<()> {
    let failure = drive(Node::new::<H>(seed()?), None, input.into(), output.into())?;
    failure.map_or(Ok(()), |failure| Err(io::Error::other(failure.to_string())))
}

fn log_to_stderr() {
    let filter: Targets = std::env::var("RUST_LOG")
        .ok()
        .filter(|filter| !filter.is_empty())
        .and_then(|filter| filter.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(tracing::Level::WARN));
    let format = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_timer(uptime()).with_target(false);
    // Fails if the program has set up logs before; those stay.
    let _ = tracing_subscriber::registry().with(format).with(filter).try_init();
}

fn seed() -> io::Result<u64> {
    SysRng.try_next_u64().map_err(io::Error::other)
}

/// Drives a node to its end, and returns the error for which it stopped, if there is one.
fn drive(node: Node, data: Option<PathBuf>, input: OwnedFd, output: OwnedFd) -> io::Result<Option<Failure>> {
    let node = match Place::choose(data) {
        Some(place) => node.with_disk(move |id| Ok(Box::new(Folder::open(&place.of_node(id)?)?))),
        None => node,
    };
    let (input, output) = (File::from(input), File::from(output));
    let mut driver = Driver { node, input, output, start: clock(), span: None, read: Vec::new() };
    match driver.run() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
        result => result.map(|()| driver.node.failure().cloned()),
    }
}

struct Driver {
    node: Node,
    input: File,
    output: File,
    start: Instant,
    /// The span that names the node in every line of its log; entered when the id is known.
    span: Option<EnteredSpan>,
    /// An empty list, kept for its memory.
    read: Vec<Read<'static>>,
}

/// The memory of a list, as a list for messages in other lines. The standard library collects in place.
fn emptied<'a>(mut list: Vec<Read<'_>>) -> Vec<Read<'a>> {
    list.clear();
    list.into_iter().map(|_| unreachable!("the list is empty")).collect()
}

impl Driver {
    fn run(&mut self) -> io::Result<()> {
        let mut lines = Lines::default();
        loop {
            self.wait_for_input()?;
            if self.node.failure().is_some() {
                return Ok(());
            }
            if lines.fill(&mut self.input)? == 0 {
                break;
            }
            self.serve(lines.complete())?;
            self.settle()?;
        }
        self.serve(lines.rest())?;
        self.finish()
    }

    /// Serves the messages in lines. The node's time does not move on between them.
    fn serve(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.node.advance(self.now());
        let (mut unread, mut read) = (Unread::new(lines), emptied(std::mem::take(&mut self.read)));
        loop {
            unread.read(&mut read);
            if read.is_empty() {
                break;
            }
            for message in &read {
                self.serve_one(message)?;
            }
            read.clear();
        }
        self.read = emptied(read);
        Ok(())
    }

    fn serve_one(&mut self, message: &Read<'_>) -> io::Result<()> {
        match message {
            Ok(message) => self.node.serve(message).unwrap_or_else(|rejected| tracing::warn!("{rejected}")),
            Err(rejected) => tracing::warn!("{rejected}"),
        }
        if self.span.is_none() {
            self.span = self.node.id().map(|id| tracing::error_span!("node", %id).entered());
        }
        if self.node.pending_bytes() > OUTPUT_BYTES { self.flush() } else { Ok(()) }
    }

    /// Runs timers until there is input or its end. Without timers it returns at once, and the read waits.
    fn wait_for_input(&mut self) -> io::Result<()> {
        while let Some(deadline) = self.node.deadline() {
            let timeout = deadline.saturating_sub(self.now());
            let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 });
            match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => {
                    self.node.advance(self.now());
                    self.settle()?;
                }
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Writes what is to be sent, and syncs the disk as long as a task waits for it. A reply that waits for no sync does not
    /// wait for that of others.
    fn settle(&mut self) -> io::Result<()> {
        self.flush()?;
        while self.node.wants_sync() {
            self.node.begin_sync();
            if self.node.failure().is_none() {
                let begin = self.now();
                let result = self.node.sync_storage();
                let now = self.now();
                tracing::debug!("synced the disk in {:?}", now - begin);
                self.node.synced(result, now);
            }
            self.flush()?;
        }
        Ok(())
    }

    /// Answers the requests that are still unanswered at the end of the input.
    fn finish(&mut self) -> io::Result<()> {
        let end = self.now() + GRACE;
        self.node.close();
        self.settle()?;
        while self.node.unanswered() > 0 {
            let Some(deadline) = self.node.deadline().filter(|deadline| *deadline <= end) else { break };
            #[expect(clippy::disallowed_methods, reason = "the driver waits in place of the node")]
            std::thread::sleep(deadline.saturating_sub(self.now()));
            self.node.advance(self.now());
            self.settle()?;
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
    #[expect(clippy::disallowed_methods, reason = "the only place that reads a node's clock")]
    Instant::now()
}
