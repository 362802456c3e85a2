//! A handler's view of the world: ids, messages, time and randomness. There is no other, so the same seed, messages and
//! times give the same bytes.
//!
//! This file has the state and the methods that need nothing else. `calls.rs`, `sleep.rs`, `ticker.rs` and `kv.rs` add
//! theirs.

use crate::{
    cluster::shared,
    failure::Failure,
    generated::errors::RpcError,
    group_commit::GroupCommit,
    in_flight::InFlight,
    message::{Message, Payload},
    node_id::NodeId,
    outbox::{Body, Outbox, Src},
    panics::{Panic, keep},
    pending_calls::PendingCalls,
    storage::{Storage, error::DiskError},
    tasks::{Task, task},
    timers::Timers,
};
use rand::{RngExt, SeedableRng, TryRng};
use rand_pcg::Pcg64Mcg;
use std::{
    any::Any,
    cell::{Cell, OnceCell, RefCell, RefMut},
    convert::Infallible,
    fmt,
    future::Future,
    rc::Rc,
    task::Waker,
    time::Duration,
};

/// A handler's view of its node. Cloning is cheap, and every clone is a view of the same node.
#[derive(Clone)]
pub struct Context(Rc<Core>);

/// The state that the node and its contexts share.
struct Core {
    identity: OnceCell<Identity>,
    now: Cell<Duration>,
    in_flight: RefCell<InFlight>,
    /// The number of the last request; `None` before the first.
    last_msg_id: Cell<Option<i64>>,
    rng: RefCell<Pcg64Mcg>,
    outbox: RefCell<Outbox>,
    pending_calls: RefCell<PendingCalls>,
    timers: RefCell<Timers<Waiter>>,
    spawned: RefCell<Vec<Task>>,
    panics: RefCell<Vec<Panic>>,
    /// Opens the disk; absent without one.
    open_disk: OnceCell<Box<OpenDisk>>,
    disk: OnceCell<Rc<GroupCommit>>,
    /// The reason to stop.
    failure: OnceCell<Failure>,
}

/// Opens the disk of the node with an id.
pub(crate) type OpenDisk = dyn Fn(&NodeId) -> Result<Box<dyn Storage>, DiskError>;

/// The target of a timer.
pub(crate) enum Waiter {
    Task(Waker),
    Tick(Rc<dyn Tick>),
}

/// Periodic work.
pub(crate) trait Tick {
    /// Runs the work once and sets the next timer.
    fn tick(self: Rc<Self>, cx: &Context);
}

/// The distance between the numbers with which two incarnations of a node begin. A power of ten, so that a number shows
/// how many requests came before it.
const REQUESTS_PER_INCARNATION: i64 = 1_000_000;

/// The contents of `init`.
struct Identity {
    id: NodeId,
    ids: Rc<[NodeId]>,
    /// The beginning of its messages.
    src: Src,
}

impl Context {
    /// This node's id.
    pub fn id(&self) -> &NodeId {
        &self.identity().id
    }

    /// The ids of all nodes of the cluster, this one included, in the same order at every node.
    pub fn ids(&self) -> &[NodeId] {
        &self.identity().ids
    }

    /// The ids of all other nodes.
    pub fn peers(&self) -> impl Iterator<Item = &NodeId> {
        self.ids().iter().filter(|id| *id != self.id())
    }

    /// Sends a message without a reply.
    ///
    /// # Panics
    ///
    /// If the payload does not encode as a JSON object.
    pub fn send<T: Payload>(&self, dest: impl AsRef<str>, payload: &T) {
        self.push(dest.as_ref(), None, None, payload);
    }

    /// The time since the node was started. It is the same during one call of a handler, and for messages that were read
    /// together.
    pub fn now(&self) -> Duration {
        self.0.now.get()
    }

    /// Runs a future beside everything else, at most until the node stops.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let cx = self.clone();
        self.spawn_task(task(future, move |panic| drop(cx.panicked("a task".to_owned(), panic))));
    }

    /// Stops the node for an error after which it must not go on, such as damaged data: its handler and all tasks are
    /// dropped, each request that is unanswered gets error 13, and nothing more is sent. Only the first error counts.
    ///
    /// The node stops when the function that calls this returns or awaits.
    pub fn fail_stop(&self, error: impl Into<Failure>) {
        self.0.failure.get_or_init(|| error.into());
    }

    /// The node's random numbers. Their seed comes from the operating system under [`run`](crate::run), and from the
    /// simulation's seed in a simulation.
    pub fn rng(&self) -> NodeRng<'_> {
        NodeRng(&self.0.rng)
    }
}

/// The node's side.
impl Context {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Core {
            identity: OnceCell::new(),
            now: Cell::default(),
            in_flight: RefCell::default(),
            last_msg_id: Cell::default(),
            rng: RefCell::new(Pcg64Mcg::seed_from_u64(seed)),
            outbox: RefCell::default(),
            pending_calls: RefCell::default(),
            timers: RefCell::default(),
            spawned: RefCell::default(),
            panics: RefCell::default(),
            open_disk: OnceCell::new(),
            disk: OnceCell::new(),
            failure: OnceCell::new(),
        }))
    }

    /// Gives the node a disk; only the first counts.
    pub(crate) fn set_disk(&self, open: Box<OpenDisk>) {
        self.0.open_disk.get_or_init(|| open);
    }

    /// The disk, which is opened on first use.
    pub(crate) fn group_commit(&self) -> Result<Option<Rc<GroupCommit>>, DiskError> {
        if let Some(disk) = self.opened_disk() {
            return Ok(Some(Rc::clone(disk)));
        }
        let Some(open) = self.0.open_disk.get() else { return Ok(None) };
        let storage = open(self.id())?;
        Ok(Some(Rc::clone(self.0.disk.get_or_init(|| Rc::new(GroupCommit::new(storage))))))
    }

    /// The disk, if it was used.
    pub(crate) fn opened_disk(&self) -> Option<&Rc<GroupCommit>> {
        self.0.disk.get()
    }

    /// Keeps a panic of this code, and returns it in a sentence.
    pub(crate) fn panicked(&self, subject: String, payload: &(dyn Any + Send)) -> String {
        let panic = Panic::new(subject, payload);
        let text = panic.text();
        keep(&mut self.panics(), panic);
        text
    }

    /// The panics that were not taken.
    pub(crate) fn panics(&self) -> RefMut<'_, Vec<Panic>> {
        self.0.panics.borrow_mut()
    }

    /// The reason to stop, if there is one.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.0.failure.get()
    }

    /// Numbers requests from 1. Call it before the first request, and only for an id that was never used before.
    pub(crate) fn number_from_one(&self) {
        self.0.last_msg_id.set(Some(0));
    }

    /// Numbers a request. A node that was killed and starts again has forgotten its requests, while replies to them may
    /// still arrive; so each incarnation begins at another number. Numbers stay below 2^53, because some languages have
    /// only doubles.
    fn next_msg_id(&self) -> i64 {
        let last = self.0.last_msg_id.get();
        let last = last.unwrap_or_else(|| i64::from(self.rng().random::<u32>()) * REQUESTS_PER_INCARNATION);
        self.0.last_msg_id.set(Some(last + 1));
        last + 1
    }

    fn identity(&self) -> &Identity {
        self.0.identity.get().expect("handlers run after init")
    }

    pub(crate) fn known_id(&self) -> Option<&NodeId> {
        Some(&self.0.identity.get()?.id)
    }

    /// Sets the ids; only the first `init` counts.
    pub(crate) fn identify(&self, id: NodeId, ids: Vec<NodeId>) {
        self.0.identity.get_or_init(|| Identity { src: Src::new(id.as_str()), id, ids: shared(ids) });
    }

    pub(crate) fn set_now(&self, now: Duration) {
        // At `Duration::MAX` a ticker's next deadline would be now, and it would run for ever.
        self.0.now.set(now.min(Duration::MAX / 2));
    }

    pub(crate) fn outbox(&self) -> RefMut<'_, Outbox> {
        self.0.outbox.borrow_mut()
    }

    pub(crate) fn pending_calls(&self) -> RefMut<'_, PendingCalls> {
        self.0.pending_calls.borrow_mut()
    }

    pub(crate) fn timers(&self) -> RefMut<'_, Timers<Waiter>> {
        self.0.timers.borrow_mut()
    }

    /// Adds a task, which must not panic.
    pub(crate) fn spawn_task(&self, task: Task) {
        self.0.spawned.borrow_mut().push(task);
    }

    /// The tasks that were added and have not begun.
    pub(crate) fn spawned(&self) -> &RefCell<Vec<Task>> {
        &self.0.spawned
    }

    /// The requests whose handlers are still waiting.
    pub(crate) fn in_flight(&self) -> RefMut<'_, InFlight> {
        self.0.in_flight.borrow_mut()
    }

    fn push<T: Payload>(&self, dest: &str, msg_id: Option<i64>, in_reply_to: Option<i64>, payload: &T) {
        let encode = |out: &mut Vec<u8>| payload.encode(out);
        self.push_body(dest, &Body { wire_type: T::TYPE, msg_id, in_reply_to, encode: &encode });
    }

    fn push_body(&self, dest: &str, body: &Body<'_>) {
        self.outbox().push(&self.identity().src, dest, body);
    }

    /// Sends a request and returns its number.
    pub(crate) fn send_request<T: Payload>(&self, dest: &str, payload: &T) -> i64 {
        let msg_id = self.next_msg_id();
        self.push(dest, Some(msg_id), None, payload);
        msg_id
    }

    /// Answers the request `msg_id` of `dest`.
    pub(crate) fn respond<T: Payload>(&self, dest: &str, msg_id: i64, payload: &T) {
        self.push(dest, None, Some(msg_id), payload);
    }

    /// Answers a request with an error. Before `init` the node does not know its id, so it uses the one in the request.
    pub(crate) fn fail(&self, request: &Message<'_>, msg_id: i64, error: &RpcError) {
        let src = Src::new(self.known_id().map_or(request.dest(), NodeId::as_str));
        let encode = |out: &mut Vec<u8>| error.encode(out);
        let body = Body { wire_type: RpcError::TYPE, msg_id: None, in_reply_to: Some(msg_id), encode: &encode };
        self.outbox().push(&src, request.src(), &body);
    }

    /// Answers the request `msg_id` of `dest` with its handler's result.
    pub(crate) fn answer<T: Payload>(&self, dest: &NodeId, msg_id: i64, result: &Result<T, RpcError>) {
        match result {
            Ok(payload) => self.respond(dest.as_str(), msg_id, payload),
            Err(error) => self.respond(dest.as_str(), msg_id, error),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("id", &self.known_id()).field("now", &self.now()).finish_non_exhaustive()
    }
}

/// The node's random numbers; made by [`Context::rng`]. All of them draw from the same generator.
pub struct NodeRng<'a>(&'a RefCell<Pcg64Mcg>);

// It borrows the generator for one draw at a time: two of them in one expression, or one held over an `await`, must not
// panic.
impl TryRng for NodeRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.borrow_mut().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.borrow_mut().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.borrow_mut().try_fill_bytes(bytes)
    }
}

impl fmt::Debug for NodeRng<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeRng").finish_non_exhaustive()
    }
}
