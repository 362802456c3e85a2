//! The node without its input and output: lines go in with the time they came, lines come out as data. [`run`](crate::run)
//! drives it over stdin and stdout, a simulation drives the same object over a simulated network.

use crate::{
    Context, ErrorCode, Message, NodeId, Payload, Rejected, RpcError,
    error::Reason,
    handler::Handler,
    init::{Init, InitOk},
    owed::Unanswered,
    support,
    tasks::Tasks,
    timers::Waiter,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};

/// A node that serves its messages with some [`Handler`].
///
/// Its type does not name the handler's: a program that runs many kinds of nodes has one copy of it, and a node's own
/// program next to nothing to compile.
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
}

type Make = dyn Fn(&Context) -> Box<dyn Serve>;

/// A handler of whatever type.
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
    /// A node whose handler, an `H`, makes itself on `init`. `seed` fixes its random numbers.
    pub fn new<H: Handler>(seed: u64) -> Self {
        Self::with(seed, H::init)
    }

    /// A node whose handler `make` makes on `init`.
    pub fn with<H: Handler>(seed: u64, make: impl Fn(&Context) -> H + 'static) -> Self {
        let make = move |cx: &Context| start(cx, make(cx));
        Self { cx: Context::new(seed), state: State::New(Box::new(make)), tasks: Tasks::new() }
    }

    /// A node that serves with `handler` from the start and needs no `init`: a client, a service, a test's stand-in.
    pub fn serving<H: Handler>(seed: u64, id: NodeId, ids: Vec<NodeId>, handler: H) -> Self {
        let cx = Context::new(seed);
        cx.number_from_one();
        cx.identify(id, ids);
        let state = State::Serving(start(&cx, handler));
        Self { cx, state, tasks: Tasks::new() }
    }

    /// The context that the handler works with. Work given to it begins at the next [`Self::advance`].
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// The handler, once `init` has been answered, if it is an `H`.
    pub fn handler<H: Handler>(&self) -> Option<&H> {
        let State::Serving(handler) = &self.state else { return None };
        let handler: &dyn Any = &**handler;
        handler.downcast_ref::<Rc<H>>().map(|handler| &**handler)
    }

    /// The node's id, once `init` has told it.
    pub fn id(&self) -> Option<&NodeId> {
        self.cx.known_id()
    }

    /// Takes in one line, at the time `now` since the node was started.
    ///
    /// # Errors
    ///
    /// The line could neither be served nor answered. The node goes on as if it had not come.
    pub fn deliver(&mut self, line: &[u8], now: Duration) -> Result<(), Rejected> {
        self.advance(now);
        let result = self.receive(line);
        self.run_tasks();
        result
    }

    /// Lets time pass: whoever waits for a moment up to `now` goes on.
    pub fn advance(&mut self, now: Duration) {
        self.cx.set_now(now);
        loop {
            // What it does may set timers.
            let due = self.cx.timers().take_due(now);
            match due {
                Some(Waiter::Task(waker)) => waker.wake(),
                Some(Waiter::Ticker(ticker)) => ticker.tick(&self.cx),
                None => break,
            }
        }
        self.run_tasks();
    }

    /// When to call [`Self::advance`] next, at the latest; `None` if nobody waits for time to pass.
    pub fn deadline(&self) -> Option<Duration> {
        self.cx.timers().next()
    }

    /// Hands over the lines to send, with their destinations, and forgets them.
    pub fn drain(&mut self, mut deliver: impl FnMut(&NodeId, &str)) {
        let mut outbox = self.cx.outbox();
        outbox.lines().for_each(|(dest, line)| deliver(&dest, line));
        outbox.clear();
    }

    /// Hands over the lines to send as one text, each ended by a newline, and forgets them if `write` succeeds.
    ///
    /// # Errors
    ///
    /// What `write` failed with.
    pub fn drain_bytes<E>(&mut self, write: impl FnOnce(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut outbox = self.cx.outbox();
        write(outbox.bytes())?;
        outbox.clear();
        Ok(())
    }

    /// How many bytes wait to be drained.
    pub fn pending_bytes(&self) -> usize {
        self.cx.outbox().bytes().len()
    }

    /// How many requests are being worked on by handlers that wait for something.
    pub fn unanswered(&self) -> usize {
        self.cx.owed().len()
    }

    /// Says that no line will come any more: calls that wait for an answer fail now, later ones when their time is up.
    ///
    /// Later ones do not fail at once, or a handler that calls until it succeeds would never come to rest.
    pub fn close(&mut self) {
        let calls = self.cx.calls().take_all();
        calls.for_each(|complete| complete(None));
        self.run_tasks();
    }

    /// Drops all work, and answers what is unanswered with error 13, in the order in which it came.
    pub fn abandon(&mut self) {
        self.drop_work();
        for Unanswered { from, msg_id, wire_type } in self.cx.owed().take_all() {
            let text = format!("the node ended before the handler of `{wire_type}` did");
            self.cx.respond(&from, msg_id, &RpcError::new(ErrorCode::Crash, text));
        }
    }

    fn run_tasks(&mut self) {
        let cx = &self.cx;
        self.tasks.run(|| cx.take_spawned());
    }

    fn receive(&mut self, line: &[u8]) -> Result<(), Rejected> {
        let text = std::str::from_utf8(line).map_err(|_| Rejected::new(line, Reason::NotUtf8))?;
        let message = Message::parse(text)?;
        if let Some(in_reply_to) = message.in_reply_to() {
            let call = self.cx.calls().take(&message, in_reply_to);
            if let Some(complete) = call {
                complete(Some(&message));
            }
            return Ok(());
        }
        if message.wire_type() == Init::TYPE {
            return self.init(&message);
        }
        match &self.state {
            State::New(_) => refuse_before_init(&self.cx, &message),
            State::Serving(handler) => {
                let served = catch_unwind(AssertUnwindSafe(|| handler.dispatch(&self.cx, &message)));
                served.unwrap_or_else(|_| {
                    report_crash(&self.cx, &message);
                    Ok(())
                })
            }
        }
    }

    /// Serves `init`. Only the first one makes a handler, so a repeated one changes nothing. One that names a cluster
    /// without this node is refused: no handler could do anything with it.
    fn init(&mut self, message: &Message<'_>) -> Result<(), Rejected> {
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
            let text = "`init`: body.node_ids: `node_id` is not among them";
            cx.fail(message, msg_id, &RpcError::new(ErrorCode::MalformedRequest, text));
            return Ok(());
        }
        cx.identify(init.node_id, init.node_ids);
        if let State::New(make) = &self.state {
            match catch_unwind(AssertUnwindSafe(|| make(&cx))) {
                Ok(handler) => self.state = State::Serving(handler),
                Err(_) => {
                    // A second `init` begins anew.
                    drop(cx.take_spawned());
                    report_crash(&cx, message);
                    return Ok(());
                }
            }
        }
        cx.respond(message.src(), msg_id, &InitOk {});
        Ok(())
    }
}

impl Node {
    /// Tasks and tickers know the context, which knows the tickers: without this they would hold each other for ever.
    fn drop_work(&mut self) {
        self.tasks = Tasks::new();
        let timers = std::mem::take(&mut *self.cx.timers());
        drop(timers);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.drop_work();
    }
}

/// Error 11 for requests that come before `init`. The node has no id yet; the sender knows it by the one it used.
fn refuse_before_init(cx: &Context, message: &Message<'_>) -> Result<(), Rejected> {
    let Some(msg_id) = message.msg_id() else { return Err(message.reject(Reason::BeforeInit)) };
    let error = RpcError::new(ErrorCode::TemporarilyUnavailable, "this node has not been initialised yet");
    cx.fail(message, msg_id, &error);
    Ok(())
}

/// Tells the sender of a request, if it is one, that its handler panicked.
fn report_crash(cx: &Context, message: &Message<'_>) {
    if let Some(msg_id) = message.msg_id() {
        cx.fail(message, msg_id, &support::crash(message.wire_type()));
    }
}
