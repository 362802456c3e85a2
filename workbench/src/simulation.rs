//! A cluster of handlers in virtual time, driven by a test step by step: it sends requests, lets time pass, cuts links,
//! crashes nodes, tampers with messages and looks into handlers.
//!
//! It is the engine of [`simulate`](crate::simulate) without generators and checkers, so latencies, partitions and services are
//! Maelstrom's, and the seed in the options fixes every byte.

use crate::{
    engine::{
        disk::node::participant,
        members::Condition,
        network::Grudge,
        participant::{Participant, ParticipantId},
        services,
        tamper::Tamper,
        world::World,
    },
    options::{Fault, Options},
    workload::client::TIMEOUT,
};
use glomers_json::SortedSet;
use glomers_protocol::{
    CallError, Context, Failure, Handler, IntoHandler, Message as Received, Node, NodeId, Rejected, Request,
    init::Init, support,
};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

pub use crate::engine::{
    disk::SimulatedDisk,
    tamper::{Fate, Message},
};

/// A cluster in virtual time.
///
/// ```
/// use glomers_protocol::{CallError, broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk}, handler, Json};
/// use glomers_workbench::{Options, simulation::Simulation};
/// # use std::cell::RefCell;
///
/// #[derive(Default)]
/// struct Alone(RefCell<Vec<Json>>);
///
/// #[handler(broadcast)]
/// impl Alone {
///     fn topology(&self, _: Topology) -> TopologyOk {
///         TopologyOk {}
///     }
///
///     fn broadcast(&self, request: Broadcast) -> BroadcastOk {
///         self.0.borrow_mut().push(request.message);
///         BroadcastOk {}
///     }
///
///     fn read(&self, _: Read) -> ReadOk {
///         ReadOk { messages: self.0.borrow().clone() }
///     }
/// }
///
/// let mut simulation = Simulation::new::<Alone>(&Options::default().node_count(2))?;
/// simulation.call("n0", &Broadcast { message: Json::from(7) })?;
/// assert_eq!(simulation.handler::<Alone>("n0").0.borrow().len(), 1);
/// assert!(simulation.call("n1", &Read {})?.messages.is_empty(), "this node tells nobody");
///
/// simulation.crash("n0");
/// assert!(matches!(simulation.call("n0", &Read {}), Err(CallError::Timeout { .. })));
/// simulation.restart("n0")?;
/// assert!(simulation.call("n0", &Read {})?.messages.is_empty(), "its memory is gone");
/// # Ok::<(), CallError>(())
/// ```
pub struct Simulation {
    world: World,
    rng: Pcg64Mcg,
    ids: Vec<NodeId>,
    spawn: Box<dyn Fn(u64) -> Node>,
    client: Context,
    client_id: ParticipantId,
    /// The links that tests have cut.
    cuts: Grudge,
}

/// The reply to a request that [`Simulation::send`] sent.
#[must_use = "the reply arrives while the simulation runs"]
pub struct Reply<R: Request>(Slot<R>);

/// The place of a reply.
type Slot<R> = Rc<RefCell<Option<Result<<R as Request>::Response, CallError>>>>;

impl<R: Request> Reply<R> {
    /// Takes the reply, once it has arrived: the response, the node's error, or the client's timeout.
    pub fn take(&self) -> Option<Result<R::Response, CallError>> {
        self.0.borrow_mut().take()
    }
}

impl<R: Request> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("arrived", &self.0.borrow().is_some()).finish()
    }
}

impl Simulation {
    /// Starts a cluster of `H` and tells each node its id. Of the options, the nodes, the latency, the loss, the disk
    /// and the seed matter.
    ///
    /// # Errors
    ///
    /// If a node does not answer `init`.
    pub fn new<H: Handler>(options: &Options) -> Result<Self, CallError> {
        Self::with::<H, _>(options, H::init)
    }

    /// Starts a cluster of handlers that `make` makes.
    ///
    /// # Errors
    ///
    /// If a node does not answer `init`.
    pub fn with<H: Handler, M: IntoHandler<H>>(
        options: &Options,
        make: impl Fn(&Context) -> M + Clone + 'static,
    ) -> Result<Self, CallError> {
        Self::start(options, make, None)
    }

    /// Starts a cluster of handlers that `make` makes, on a network that `tamper` decides about from the first message on,
    /// as [`Self::tamper`] does later.
    ///
    /// # Errors
    ///
    /// If a node does not answer `init`.
    pub fn with_tamper<H: Handler, M: IntoHandler<H>>(
        options: &Options,
        make: impl Fn(&Context) -> M + Clone + 'static,
        tamper: impl FnMut(&Message<'_>) -> Fate + 'static,
    ) -> Result<Self, CallError> {
        Self::start(options, make, Some(Box::new(tamper)))
    }

    fn start<H: Handler, M: IntoHandler<H>>(
        options: &Options,
        make: impl Fn(&Context) -> M + Clone + 'static,
        tamper: Option<Tamper>,
    ) -> Result<Self, CallError> {
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed);
        let mut world = World::new(options, Pcg64Mcg::seed_from_u64(rng.next_u64()), None);
        world.set_tamper(tamper);
        for (id, service) in services::all(options, &mut rng) {
            world.join(id, service);
        }
        let id = NodeId::from("c1");
        let node = Node::serving(rng.next_u64(), id.clone(), Vec::new(), Nobody);
        let client = node.context().clone();
        let client_id = world.join(id, Box::new(node));
        let ids: Vec<NodeId> = options.nodes.iter().map(|id| NodeId::from(id.as_str())).collect();
        let spawn = Box::new(move |seed| Node::with(seed, make.clone()));
        let mut simulation = Self { world, rng, ids, spawn, client, client_id, cuts: Grudge::new() };
        for id in simulation.ids.clone() {
            let process = simulation.process(&id);
            simulation.world.join(id, process);
        }
        // All at once, so that no node hears from another before it knows its own id.
        let inits: Vec<_> = simulation.ids.clone().iter().map(|id| simulation.init(id)).collect();
        inits.iter().try_for_each(|init| simulation.wait(init).map(|_| ()))?;
        Ok(simulation)
    }

    fn process(&mut self, id: &NodeId) -> Box<dyn Participant> {
        let node = (self.spawn)(self.rng.next_u64());
        participant(node, self.world.disks.of(id))
    }

    fn init(&mut self, node: &NodeId) -> Reply<Init> {
        let init = Init { node_id: node.clone(), node_ids: self.ids.clone() };
        self.send(node.as_str(), &init)
    }

    /// The ids of the nodes.
    pub fn nodes(&self) -> &[NodeId] {
        &self.ids
    }

    /// The time since the cluster was started.
    pub fn now(&self) -> Duration {
        self.world.now()
    }

    /// The number of messages sent so far, including those of clients and services and injected ones.
    pub fn messages(&self) -> u64 {
        self.world.messages()
    }

    /// The handler of a node.
    ///
    /// # Panics
    ///
    /// If no node of that id is running, or its handler is not an `H`.
    pub fn handler<H: Handler>(&self, node: &str) -> &H {
        let running = self.world.node(&NodeId::from(node)).and_then(Node::handler);
        running.unwrap_or_else(|| panic!("no node {node} with such a handler is running"))
    }

    /// Sends a request from a client to a node.
    pub fn send<R: Request>(&mut self, node: &str, request: &R) -> Reply<R>
    where
        R::Response: 'static,
    {
        let slot: Slot<R> = Rc::default();
        // Its clock stands at the last event that concerned it, and the timeout begins now.
        self.world.wake(self.client_id);
        // A call sends its request when it is made; the task only waits.
        let call = self.client.call(node, request).from_anybody().timeout(TIMEOUT);
        let arrived = Rc::clone(&slot);
        self.client.spawn(async move {
            let reply = call.await;
            *arrived.borrow_mut() = Some(reply);
        });
        self.world.wake(self.client_id);
        Reply(slot)
    }

    /// Sends a request and lets time pass until its reply arrives.
    ///
    /// # Errors
    ///
    /// If the node answers with an error, with something else than the response, or not within five seconds.
    pub fn call<R: Request>(&mut self, node: &str, request: &R) -> Result<R::Response, CallError>
    where
        R::Response: 'static,
    {
        let reply = self.send(node, request);
        self.wait(&reply)
    }

    fn wait<R: Request>(&mut self, reply: &Reply<R>) -> Result<R::Response, CallError> {
        loop {
            if let Some(reply) = reply.take() {
                return reply;
            }
            assert!(self.step(), "a client's timeout is an event");
        }
    }

    /// Lets the next event happen: a message arrives or a timer fires. Returns false if there is none.
    pub fn step(&mut self) -> bool {
        self.world.step_before(None)
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now() + duration;
        while self.world.step_before(Some(end)) {}
    }

    /// Lets time pass until nothing was sent for the time `quiet`, but no longer than `limit`. Returns true if it became
    /// quiet.
    pub fn run_until_quiet(&mut self, quiet: Duration, limit: Duration) -> bool {
        let end = self.now() + limit;
        while self.now() + quiet <= end {
            let before = self.messages();
            self.run_for(quiet);
            if self.messages() == before {
                return true;
            }
        }
        false
    }

    /// Splits the nodes into groups that do not hear each other. A node in no group hears and is heard by all.
    pub fn partition(&mut self, groups: &[&[&str]]) {
        for (number, group) in groups.iter().enumerate() {
            let others = groups.iter().enumerate().filter(|(other, _)| *other != number);
            let unheard: Vec<&str> = others.flat_map(|(_, ids)| ids.iter().copied()).collect();
            for id in *group {
                unheard.iter().for_each(|other| self.add_cut(other, id));
            }
        }
        self.apply_cuts();
    }

    /// Cuts a node off from all other nodes. Clients and services still reach it.
    pub fn isolate(&mut self, node: &str) {
        for other in self.ids.clone() {
            let other: &str = other.as_ref();
            if other != node {
                self.add_cut(node, other);
                self.add_cut(other, node);
            }
        }
        self.apply_cuts();
    }

    /// Cuts the link from one node to another, in this direction only.
    pub fn cut(&mut self, from: &str, to: &str) {
        self.add_cut(from, to);
        self.apply_cuts();
    }

    fn add_cut(&mut self, from: &str, to: &str) {
        self.cuts.or_insert(to.to_owned(), SortedSet::new()).insert(from.to_owned());
    }

    /// Mends all links.
    pub fn heal(&mut self) {
        self.cuts.clear();
        self.apply_cuts();
    }

    fn apply_cuts(&mut self) {
        self.world.network.partition(Fault::Partition, self.cuts.clone());
    }

    /// The disk of a node, whether it is running or not. A clone of it is the same disk.
    ///
    /// # Panics
    ///
    /// If there is no node of that id, or nodes have no disk: [`Options::disk`] is to be
    /// [`DiskUse::Always`](crate::options::DiskUse::Always).
    pub fn disk(&self, node: &str) -> SimulatedDisk {
        let disk = self.world.disks.of(&NodeId::from(node)).cloned();
        disk.unwrap_or_else(|| panic!("there is no disk of {node}: its id is wrong, or the options ask for no disks"))
    }

    /// The reason for which a node stopped by itself and does not run.
    pub fn stop_reason(&self, node: &str) -> Option<&str> {
        self.world.stop_reason(&NodeId::from(node))
    }

    /// Ends a node. Its memory is gone, and so is every message on its way to it. Its disk keeps what was synced, and of
    /// the rest what [`SimulatedDisk::keep`] or the seed decides.
    pub fn crash(&mut self, node: &str) {
        self.world.kill(&NodeId::from(node));
    }

    /// Starts a node again with an empty memory. If it is running it crashes before.
    ///
    /// # Errors
    ///
    /// If it does not answer `init`.
    pub fn restart(&mut self, node: &str) -> Result<(), CallError> {
        let node = NodeId::from(node);
        self.world.kill(&node);
        let process = self.process(&node);
        self.world.revive(&node, process);
        let init = self.init(&node);
        self.wait(&init).map(|_| ())
    }

    /// Returns true if a node is neither crashed nor paused.
    pub fn is_running(&self, node: &str) -> bool {
        self.world.condition(&NodeId::from(node)) == Condition::Running
    }

    /// Stops a node where it is; messages to it wait.
    pub fn pause(&mut self, node: &str) {
        self.world.pause(&NodeId::from(node));
    }

    /// Lets a paused node go on.
    pub fn resume(&mut self, node: &str) {
        self.world.resume(&NodeId::from(node));
    }

    /// Decides the fate of every message from now on as it is sent, those of clients and services included.
    pub fn tamper(&mut self, tamper: impl FnMut(&Message<'_>) -> Fate + 'static) {
        self.world.set_tamper(Some(Box::new(tamper)));
    }

    /// Replaces messages from now on as they arrive, where `rewrite` returns a line. It sees exactly the messages that
    /// participants get, in that order.
    pub fn rewrite(&mut self, rewrite: impl FnMut(&Message<'_>) -> Option<Box<str>> + 'static) {
        self.world.set_rewrite(Some(Box::new(rewrite)));
    }

    /// Leaves all messages from now on as they are.
    pub fn untamper(&mut self) {
        self.world.set_tamper(None);
        self.world.set_rewrite(None);
    }

    /// Delivers a message now to its `dest` as if its `src` had sent it: a forged one, or an old one once more. It has no
    /// latency, passes all partitions and is not tampered with. A node that is not running does not get it.
    ///
    /// # Panics
    ///
    /// If the line is not a message.
    pub fn inject(&mut self, line: &str) {
        let message = Received::parse(line).unwrap_or_else(|error| panic!("not a message: {line}: {error}"));
        let (src, dest) = (NodeId::from(message.src()), NodeId::from(message.dest()));
        self.world.inject(src, &dest, line.into());
    }

    /// Drops the next message from one participant to another.
    pub fn drop_next(&mut self, from: &str, to: &str) {
        self.tamper_next(from, to, Fate::Drop);
    }

    /// Delays the next message from one participant to another, by this much more than its latency.
    pub fn delay_next(&mut self, from: &str, to: &str, by: Duration) {
        self.tamper_next(from, to, Fate::Delay(by));
    }

    fn tamper_next(&mut self, from: &str, to: &str, fate: Fate) {
        let (from, to, mut fate) = (from.to_owned(), to.to_owned(), Some(fate));
        self.tamper(move |message| {
            let is_it = message.src == from && message.dest == to;
            if is_it { fate.take().unwrap_or(Fate::Deliver) } else { Fate::Deliver }
        });
    }
}

/// The handler of the client, which serves nobody. A client here reads answers as strictly as a node does: its nodes are
/// made with the same library.
struct Nobody;

impl Handler for Nobody {
    fn init(_: &Context) -> Result<Self, Failure> {
        Ok(Self)
    }

    fn start(self: &Rc<Self>, _: &Context) {}

    fn dispatch(self: &Rc<Self>, cx: &Context, message: &Received<'_>) -> Result<(), Rejected> {
        support::refuse(cx, message, &[])
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, messages) = (self.now(), self.messages());
        f.debug_struct("Simulation").field("nodes", &self.ids).field("now", &now).field("messages", &messages).finish()
    }
}
