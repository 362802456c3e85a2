//! All that a handler has of the world: ids, the network, time and chance. The same seed, messages and times give the
//! same bytes, because nothing else can be asked.

use crate::{
    Message, NodeId, Payload, Reply, Request, RpcError,
    calls::{Call, Calls},
    kv::{Kv, Tso},
    outbox::{Body, Outbox},
    owed::Owed,
    support,
    tasks::{Task, task},
    timers::{TimerKey, Timers, Waiter},
};
use rand::{RngExt, SeedableRng, TryRng};
use rand_pcg::Pcg64Mcg;
use std::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    convert::Infallible,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

/// A handler's view of its node. Cheap to clone; every clone is the same node.
#[derive(Clone)]
pub struct Context(Rc<Core>);

/// What node and context share.
struct Core {
    identity: OnceCell<Identity>,
    now: Cell<Duration>,
    owed: RefCell<Owed>,
    /// The number of the last request, once there is one.
    last_msg_id: Cell<Option<i64>>,
    rng: RefCell<Pcg64Mcg>,
    outbox: RefCell<Outbox>,
    calls: RefCell<Calls>,
    timers: RefCell<Timers>,
    spawned: RefCell<Vec<Task>>,
}

/// What lies between the numbers with which two lives of a node may begin. A power of ten: one reads how many requests
/// there were.
const REQUESTS_PER_LIFE: i64 = 1_000_000;

/// What `init` told.
struct Identity {
    id: NodeId,
    ids: Box<[NodeId]>,
}

impl Context {
    /// How long [`call`](Self::call) waits for an answer.
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// This node's id.
    pub fn id(&self) -> &NodeId {
        &self.identity().id
    }

    /// The ids of all nodes of the cluster, this one included, in the order that all nodes are given.
    pub fn ids(&self) -> &[NodeId] {
        &self.identity().ids
    }

    /// The ids of all other nodes.
    pub fn peers(&self) -> impl Iterator<Item = &NodeId> {
        self.ids().iter().filter(|id| *id != self.id())
    }

    /// Sends a message that nobody answers.
    ///
    /// # Panics
    ///
    /// The payload is no JSON object.
    pub fn send<T: Payload>(&self, dest: &str, payload: &T) {
        self.push(dest, None, None, payload);
    }

    /// Sends a request at once; the call awaits the response, for [`Self::TIMEOUT`] unless told otherwise.
    ///
    /// # Panics
    ///
    /// The payload is no JSON object.
    pub fn call<R: Request>(&self, dest: &str, request: &R) -> Call<R> {
        let msg_id = self.next_msg_id();
        self.push(dest, Some(msg_id), None, request);
        Call::new(self, dest, msg_id, Self::TIMEOUT)
    }

    /// The linearizable key-value service, `lin-kv`.
    pub fn lin_kv(&self) -> Kv {
        Kv::new(self, "lin-kv")
    }

    /// The sequentially consistent key-value service, `seq-kv`.
    pub fn seq_kv(&self) -> Kv {
        Kv::new(self, "seq-kv")
    }

    /// The last-write-wins key-value service, `lww-kv`.
    pub fn lww_kv(&self) -> Kv {
        Kv::new(self, "lww-kv")
    }

    /// The timestamp oracle, `lin-tso`.
    pub fn lin_tso(&self) -> Tso {
        Tso::new(self)
    }

    /// Time since the node was started. It moves between messages and timers, not while a handler runs.
    pub fn now(&self) -> Duration {
        self.0.now.get()
    }

    /// Waits for `duration`.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let deadline = self.now().saturating_add(duration);
        Sleep { key: self.0.timers.borrow_mut().key(deadline), cx: self.clone() }
    }

    /// Runs `tick` once every `period`, first after one period. Ticks that come late are not made up for.
    ///
    /// # Panics
    ///
    /// The period is zero: the node would do nothing else.
    pub fn every(&self, period: Duration, mut tick: impl FnMut() + 'static) {
        support::every(self, "every", period, move || {
            tick();
            Reply::Ready(Ok(()))
        });
    }

    /// Runs a future beside everything else. It ends with the node at the latest.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.0.spawned.borrow_mut().push(task(future));
    }

    /// The node's random numbers: seeded from the operating system under [`run`](crate::run), from the simulation's
    /// seed there.
    pub fn rng(&self) -> NodeRng<'_> {
        NodeRng(&self.0.rng)
    }
}

/// What the node itself needs of the context.
impl Context {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Core {
            identity: OnceCell::new(),
            now: Cell::default(),
            owed: RefCell::default(),
            last_msg_id: Cell::default(),
            rng: RefCell::new(Pcg64Mcg::seed_from_u64(seed)),
            outbox: RefCell::default(),
            calls: RefCell::default(),
            timers: RefCell::default(),
            spawned: RefCell::default(),
        }))
    }

    /// Has requests numbered from 1. To be called before the first, and for those only whose name nobody had before.
    pub(crate) fn number_from_one(&self) {
        self.0.last_msg_id.set(Some(0));
    }

    /// Numbers a request. A node that was killed and starts again has forgotten what it asked, and the answers may still
    /// be on their way; so each life begins somewhere else. Numbers stay below 2^53: some languages have only doubles.
    fn next_msg_id(&self) -> i64 {
        let last = self.0.last_msg_id.get();
        let last = last.unwrap_or_else(|| i64::from(self.rng().random::<u32>()) * REQUESTS_PER_LIFE);
        self.0.last_msg_id.set(Some(last + 1));
        last + 1
    }

    fn identity(&self) -> &Identity {
        self.0.identity.get().expect("handlers run after init")
    }

    pub(crate) fn known_id(&self) -> Option<&NodeId> {
        Some(&self.0.identity.get()?.id)
    }

    /// Sets the ids; the first `init` counts.
    pub(crate) fn identify(&self, id: NodeId, ids: Vec<NodeId>) {
        self.0.identity.get_or_init(|| Identity { id, ids: ids.into() });
    }

    pub(crate) fn set_now(&self, now: Duration) {
        // Or a ticker at the end of time would be due again at once, for ever.
        self.0.now.set(now.min(Duration::MAX / 2));
    }

    pub(crate) fn outbox(&self) -> RefMut<'_, Outbox> {
        self.0.outbox.borrow_mut()
    }

    pub(crate) fn calls(&self) -> RefMut<'_, Calls> {
        self.0.calls.borrow_mut()
    }

    pub(crate) fn timers(&self) -> RefMut<'_, Timers> {
        self.0.timers.borrow_mut()
    }

    pub(crate) fn take_spawned(&self) -> Vec<Task> {
        self.0.spawned.take()
    }

    /// The requests that handlers are still working on.
    pub(crate) fn owed(&self) -> RefMut<'_, Owed> {
        self.0.owed.borrow_mut()
    }

    fn push<T: Payload>(&self, dest: &str, msg_id: Option<i64>, in_reply_to: Option<i64>, payload: &T) {
        let encode = |out: &mut Vec<u8>| payload.encode(out);
        let body = Body { wire_type: T::TYPE, msg_id, in_reply_to, encode: &encode };
        self.outbox().push(self.id(), dest, &body);
    }

    /// Answers the request `msg_id` of `dest`.
    pub(crate) fn respond<T: Payload>(&self, dest: &str, msg_id: i64, payload: &T) {
        self.push(dest, None, Some(msg_id), payload);
    }

    /// Answers a request with an error. Before `init` the node does not know its id, but the sender has just used it.
    pub(crate) fn fail(&self, request: &Message<'_>, msg_id: i64, error: &RpcError) {
        let src = self.known_id().map_or(request.dest(), NodeId::as_str);
        let encode = |out: &mut Vec<u8>| error.encode(out);
        let body = Body { wire_type: RpcError::TYPE, msg_id: None, in_reply_to: Some(msg_id), encode: &encode };
        self.outbox().push(src, request.src(), &body);
    }

    /// Answers the request `msg_id` of `dest` with what its handler gave.
    pub(crate) fn answer<T: Payload>(&self, dest: &str, msg_id: i64, answer: &Result<T, RpcError>) {
        match answer {
            Ok(payload) => self.respond(dest, msg_id, payload),
            Err(error) => self.respond(dest, msg_id, error),
        }
    }
}

/// The node's random numbers; made by [`Context::rng`]. All that are made draw from one source.
pub struct NodeRng<'a>(&'a RefCell<Pcg64Mcg>);

// Borrows for one draw at a time: two of them in one expression, or one held over an `await`, must not panic.
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

/// Waits for a moment; made by [`Context::sleep`].
pub struct Sleep {
    cx: Context,
    key: TimerKey,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let (deadline, _) = self.key;
        if self.cx.now() >= deadline {
            return Poll::Ready(());
        }
        self.cx.timers().wait(self.key, Waiter::Task(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cx.timers().forget(self.key);
    }
}
