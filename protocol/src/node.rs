//! The node without its input and output: lines go in with the time of their arrival, lines come out as data.
//! [`run`](crate::run) drives it over stdin and stdout; a simulation drives the same object over a simulated network.

use crate::{
    context::{Context, Waiter},
    error::{Reason, Rejected},
    failure::Failure,
    generated::{
        errors::{ErrorCode, RpcError},
        init::{Init, InitOk},
    },
    handler::{Handler, IntoHandler},
    in_flight::Unanswered,
    message::{Message, Payload},
    node_id::NodeId,
    panics::Panic,
    serve::crash,
    storage::{Storage, error::DiskError},
    tasks::Tasks,
};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};

/// A node that serves its messages with a [`Handler`].
///
/// The type of the handler is not part of the node's type, so the node is compiled once and not again for each handler.
///
/// ```
/// use glomers_protocol::{Node, handler, echo::{Echo, EchoOk}};
/// use std::time::Duration;
///
/// #[derive(Default)]
/// struct Parrot;
///
/// #[handler(echo)]
/// impl Parrot {
///     fn echo(&self, request: Echo) -> EchoOk {
///         EchoOk { echo: request.echo }
///     }
/// }
///
/// let mut node = Node::new::<Parrot>(0);
/// let init = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
/// node.deliver(init.as_bytes(), Duration::ZERO)?;
/// node.drain(|dest, line| {
///     assert_eq!(dest, "c0");
///     assert_eq!(line, r#"{"src":"n1","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}"#);
/// });
/// # Ok::<(), glomers_protocol::Rejected>(())
/// ```
pub struct Node {
    cx: Context,
    state: State,
    tasks: Tasks,
}

enum State {
    /// Before `init`; the function makes the handler and starts it.
    New(Box<Make>),
    Serving(Box<dyn Serve>),
    /// After an error for which it stopped.
    Failed,
}

type Make = dyn Fn(&Context) -> Result<Box<dyn Serve>, Failure>;

/// A handler of any type.
trait Serve: Any {
    fn dispatch(&self, cx: &Context, message: &Message<'_>) -> Result<(), Rejected>;
}

impl<H: Handler> Serve for Rc<H> {
    fn dispatch(&self, cx: &Context, message: &Message<'_>) -> Result<(), Rejected> {
        H::dispatch(self, cx, message)
    }
}

fn start<H: Handler>(cx: &Context, handler: H) -> Box<dyn Serve> {
    let handler = Rc::new(handler);
    handler.start(cx);
    Box::new(handler)
}

impl Node {
    /// A node that makes its handler, an `H`, when it receives `init`. `seed` fixes its random numbers.
    pub fn new<H: Handler>(seed: u64) -> Self {
        Self::with::<H, _>(seed, H::init)
    }

    /// A node that makes its handler with `make` when it receives `init`. An error of `make` stops the node.
    pub fn with<H: Handler, M: IntoHandler<H>>(seed: u64, make: impl Fn(&Context) -> M + 'static) -> Self {
        let make = move |cx: &Context| Ok(start(cx, make(cx).into_handler()?));
        Self { cx: Context::new(seed), state: State::New(Box::new(make)), tasks: Tasks::new() }
    }

    /// A node that serves with `handler` from the start, without `init`: a client, a service, or a stand-in in a test.
    pub fn serving<H: Handler>(seed: u64, id: NodeId, ids: Vec<NodeId>, handler: H) -> Self {
        let cx = Context::new(seed);
        cx.number_from_one();
        cx.identify(id, ids);
        let state = State::Serving(start(&cx, handler));
        Self { cx, state, tasks: Tasks::new() }
    }

    /// Gives the node a disk, which `open` opens when the handler first uses it.
    ///
    /// Whoever drives the node then syncs the disk: as long as [`Self::wants_sync`], call [`Self::begin_sync`], sync the
    /// storage, and pass the result to [`Self::synced`].
    #[must_use]
    pub fn with_disk(self, open: impl Fn(&NodeId) -> Result<Box<dyn Storage>, DiskError> + 'static) -> Self {
        self.cx.set_disk(Box::new(open));
        self
    }

    /// Returns true if a task waits for a sync that can begin now.
    pub fn wants_sync(&self) -> bool {
        self.cx.opened_disk().is_some_and(|disk| disk.wants_sync()) && self.failure().is_none()
    }

    /// Begins a sync: hands all buffered writes to the storage. The sync covers what was written until now, and ends with
    /// [`Self::synced`]. Meanwhile the node can serve.
    ///
    /// # Panics
    ///
    /// If another sync has not ended.
    pub fn begin_sync(&mut self) {
        let Some(disk) = self.cx.opened_disk() else { return };
        if let Err(error) = disk.begin() {
            self.cx.fail_stop(error);
        }
        self.run_tasks();
    }

    /// Syncs the storage. A driver for which this takes no time of its own, such as a simulation, calls it at the end of the
    /// sync or syncs the storage by other means.
    ///
    /// # Errors
    ///
    /// The storage's error, for [`Self::synced`].
    pub fn sync_storage(&mut self) -> Result<(), DiskError> {
        self.cx.opened_disk().map_or(Ok(()), |disk| disk.storage().sync())
    }

    /// Ends a sync at the time `now`: runs the tasks that wait for it, or, if it failed, stops the node.
    pub fn synced(&mut self, result: Result<(), DiskError>, now: Duration) {
        self.advance(now);
        match (result, self.cx.opened_disk()) {
            (Err(error), _) => self.cx.fail_stop(error),
            (Ok(()), Some(disk)) if disk.is_syncing() => disk.end(),
            (Ok(()), _) => {}
        }
        self.run_tasks();
    }

    /// The error for which the node has stopped. It neither serves nor sends any more; what is in its outbox was sent before,
    /// or tells clients that it stopped.
    pub fn failure(&self) -> Option<&Failure> {
        self.cx.failure()
    }

    /// The panics of its code since the last call, of many the first 64. The node went on after each.
    pub fn take_panics(&self) -> Vec<Panic> {
        std::mem::take(&mut *self.cx.panics())
    }

    /// The handler's context. Futures that are spawned on it start at the next [`Self::advance`].
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// The handler, if it is an `H` and `init` has been answered.
    pub fn handler<H: Handler>(&self) -> Option<&H> {
        let State::Serving(handler) = &self.state else { return None };
        let handler: &dyn Any = &**handler;
        handler.downcast_ref::<Rc<H>>().map(|handler| &**handler)
    }

    /// The node's id; `None` before `init`.
    pub fn id(&self) -> Option<&NodeId> {
        self.cx.known_id()
    }

    /// Receives one line, at the time `now` since the node was started.
    ///
    /// # Errors
    ///
    /// If the line can be neither served nor answered. The node goes on as if it had not come.
    pub fn deliver(&mut self, line: &[u8], now: Duration) -> Result<(), Rejected> {
        self.advance(now);
        Message::read(line).and_then(|message| self.serve(&message))
    }

    /// Receives a message at the time to which the node was [advanced](Self::advance).
    pub(crate) fn serve(&mut self, message: &Message<'_>) -> Result<(), Rejected> {
        let result = self.receive(message);
        self.run_tasks();
        result
    }

    /// Moves time to `now` and runs all timers up to then.
    pub fn advance(&mut self, now: Duration) {
        self.cx.set_now(now);
        loop {
            // A tick may set timers, so the borrow ends here.
            let due = self.cx.timers().take_due(now);
            match due {
                Some(Waiter::Task(waker)) => waker.wake(),
                Some(Waiter::Tick(ticker)) => ticker.tick(&self.cx),
                None => break,
            }
        }
        self.run_tasks();
    }

    /// The time of the next timer, at which to call [`Self::advance`]; `None` if there is no timer.
    pub fn deadline(&self) -> Option<Duration> {
        self.cx.timers().next()
    }

    /// Passes each outgoing line with its destination to `deliver`, and empties the outbox.
    pub fn drain(&mut self, mut deliver: impl FnMut(&NodeId, &str)) {
        let mut outbox = self.cx.outbox();
        if outbox.bytes().is_empty() {
            return;
        }
        outbox.lines().for_each(|(dest, line)| deliver(&dest, line));
        outbox.clear();
    }

    /// Passes all outgoing lines, each with its newline, to `write`, and empties the outbox if that succeeds.
    ///
    /// # Errors
    ///
    /// The error of `write`.
    pub fn drain_bytes<E>(&mut self, write: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut outbox = self.cx.outbox();
        write(outbox.bytes())?;
        outbox.clear();
        Ok(())
    }

    /// The number of bytes in the outbox.
    pub fn pending_bytes(&self) -> usize {
        self.cx.outbox().bytes().len()
    }

    /// The number of requests whose handlers are still waiting.
    pub fn unanswered(&self) -> usize {
        self.cx.in_flight().len()
    }

    /// Ends the input: calls that are waiting for a reply fail now, and later calls when they time out.
    ///
    /// Later calls do not fail at once, because a handler that repeats a call until it succeeds would never stop.
    pub fn close(&mut self) {
        let calls = self.cx.pending_calls().take_all();
        calls.for_each(|call| call.complete(None));
        self.run_tasks();
    }

    /// Drops all work and answers each unanswered request with error 13, in the order of their arrival.
    pub fn abandon(&mut self) {
        self.drop_work();
        let reason = self.failure().map(|failure| format!(": {failure}")).unwrap_or_default();
        for Unanswered { from, msg_id, wire_type } in self.cx.in_flight().take_all() {
            let text = format!("the node stopped before the handler of `{wire_type}` finished{reason}");
            self.cx.respond(from.as_str(), msg_id, &RpcError::new(ErrorCode::Crash, text));
        }
    }

    fn run_tasks(&mut self) {
        self.tasks.run(self.cx.spawned());
        if self.cx.failure().is_some() {
            self.stop();
        }
    }

    /// Ends the work of a node that failed.
    fn stop(&mut self) {
        self.state = State::Failed;
        self.abandon();
        drop(self.cx.spawned().take());
        drop(self.cx.pending_calls().take_all());
    }

    fn receive(&mut self, message: &Message<'_>) -> Result<(), Rejected> {
        if let Some(in_reply_to) = message.in_reply_to() {
            let call = self.cx.pending_calls().take(message, in_reply_to);
            if let Some(call) = call {
                call.complete(Some(message));
            }
            return Ok(());
        }
        if message.wire_type() == Init::TYPE {
            return self.init(message);
        }
        match &self.state {
            State::New(_) => refuse_before_init(&self.cx, message),
            State::Failed => Ok(()),
            State::Serving(handler) => {
                let served = catch_unwind(AssertUnwindSafe(|| handler.dispatch(&self.cx, message)));
                served.unwrap_or_else(|panic| {
                    report_crash(&self.cx, message, &*panic);
                    Ok(())
                })
            }
        }
    }

    /// Serves `init`. Only the first makes a handler, so a repeated `init` changes nothing. One whose `node_ids` lack this
    /// node is refused.
    fn init(&mut self, message: &Message<'_>) -> Result<(), Rejected> {
        if matches!(self.state, State::Failed) {
            return Ok(());
        }
        let cx = self.cx.clone();
        let Some(msg_id) = message.msg_id() else { return Err(message.reject(Reason::NoMsgId)) };
        let init: Init = match message.payload() {
            Ok(init) => init,
            Err(error) => {
                cx.fail(message, msg_id, &error.into());
                return Ok(());
            }
        };
        if !init.node_ids.contains(&init.node_id) {
            let text = "`init`: body.node_ids: does not contain `node_id`";
            cx.fail(message, msg_id, &RpcError::new(ErrorCode::MalformedRequest, text));
            return Ok(());
        }
        cx.identify(init.node_id, init.node_ids);
        if let State::New(make) = &self.state {
            match catch_unwind(AssertUnwindSafe(|| make(&cx))) {
                Ok(Ok(handler)) => self.state = State::Serving(handler),
                Ok(Err(failure)) => {
                    let text = format!("the node cannot start: {failure}");
                    cx.fail(message, msg_id, &RpcError::new(ErrorCode::Crash, text));
                    cx.fail_stop(failure);
                    return Ok(());
                }
                Err(panic) => {
                    // The next `init` tries again.
                    drop(cx.spawned().take());
                    report_crash(&cx, message, &*panic);
                    return Ok(());
                }
            }
        }
        cx.respond(message.src(), msg_id, &InitOk {});
        Ok(())
    }
}

impl Node {
    /// Breaks the cycle of references: tasks and tickers hold the context, which holds the tickers.
    fn drop_work(&mut self) {
        self.tasks = Tasks::new();
        let timers = std::mem::take(&mut *self.cx.timers());
        drop(timers);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("cx", &self.cx).finish_non_exhaustive()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.drop_work();
    }
}

/// Answers a request that comes before `init` with error 11, under the id to which it was sent.
fn refuse_before_init(cx: &Context, message: &Message<'_>) -> Result<(), Rejected> {
    let Some(msg_id) = message.msg_id() else { return Err(message.reject(Reason::BeforeInit)) };
    let error = RpcError::new(ErrorCode::TemporarilyUnavailable, "received before `init`: retry after `init_ok`");
    cx.fail(message, msg_id, &error);
    Ok(())
}

/// Answers a request whose handler panicked with error 13.
fn report_crash(cx: &Context, message: &Message<'_>, panic: &(dyn Any + Send)) {
    let error = crash(cx, message.wire_type(), panic);
    if let Some(msg_id) = message.msg_id() {
        cx.fail(message, msg_id, &error);
    }
}
