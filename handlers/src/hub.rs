//! Broadcast through a hub: values ride in batches from each node to the first one, and from there to all others.
//!
//! # Why
//!
//! With `n` nodes, telling everybody about every value costs `n - 1` messages a value. Here a cycle costs at most one
//! message each way and node, however many values it carries: `2 (n - 1)` messages a cycle. A value waits for its node's
//! turn (up to a cycle) and takes two hops, so the cycle is the latency that may be spent, less the round trip.
//!
//! # Timing
//!
//! The hub sends every cycle. A node that has news answers each batch so late that the answer reaches the hub just before
//! it sends again; otherwise the news would wait there for most of a cycle. For that the hub measures each link's round
//! trip and tells the node. It takes the longest off the latency budget, and so finds its cycle. Without traffic nothing
//! is sent, and a lone value goes to the hub at once.
//!
//! # Losing nothing
//!
//! Each link is a numbered queue in both directions. A batch carries all that is not confirmed, and the number of values
//! received from the other side; confirmations ride on batches too, and go alone only if none has gone for a second. What
//! stays unconfirmed is sent again, so a partition only delays.

use glomers_protocol::{
    Any, Context, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    time::Duration,
};

/// How long a value may take to be everywhere: what challenge 3d allows.
pub const BUDGET: Duration = Duration::from_millis(600);

/// How long before the hub sends a node's batch should arrive there.
const MARGIN: Duration = Duration::from_millis(15);

/// The shortest cycle, however long the round trip.
const SHORTEST_CYCLE: Duration = Duration::from_millis(50);

/// How long a confirmation waits for a batch to ride on.
const CONFIRM: Duration = Duration::from_secs(1);

/// How long to wait for a confirmation.
const RETRY: Duration = Duration::from_secs(2);

/// Batches values through the first node.
pub struct Hub {
    id: NodeId,
    hub: NodeId,
    budget: Duration,
    state: RefCell<State>,
}

struct State {
    values: BTreeSet<Any>,
    /// A node has one link, to the hub; the hub has one to every node.
    links: BTreeMap<NodeId, Link>,
    cycle: Duration,
    /// When the hub sends next.
    next: Duration,
}

/// One side of the traffic between a node and the hub.
#[derive(Default)]
struct Link {
    /// What the other side has not confirmed.
    queue: VecDeque<Any>,
    /// How many values it has confirmed.
    confirmed: u64,
    /// How many have been sent at least once.
    sent: u64,
    /// How many values have come from it.
    heard: u64,
    /// When we last sent.
    last_sent: Duration,
    /// When something came that has not been confirmed.
    unconfirmed: Option<Duration>,
    /// When its last batch came.
    arrived: Option<Duration>,
    /// The round trip, once it has been measured.
    round_trip: Option<Duration>,
}

/// Values and confirmations on their way between a node and the hub. Times are in milliseconds.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Batch {
    /// The number of the first value.
    first: u64,
    values: Vec<Any>,
    /// How many values of the other side have been received.
    heard: u64,
    /// When it was sent, by the sender's clock.
    sent: u64,
    /// From a node: when the batch that this answers was sent, later by as long as the answer was held back.
    answers: Option<u64>,
    /// From the hub: how long its cycle is.
    cycle: u64,
    /// From the hub: the round trip, once it has been measured.
    round_trip: Option<u64>,
}

#[handler(broadcast, schema)]
impl Hub {
    #[init]
    fn new(cx: &Context) -> Self {
        Self::with_budget(cx, BUDGET)
    }

    /// The proposed topology is not needed: every node may talk to every other.
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let mut state = self.state.borrow_mut();
        state.learn(request.message, None);
        let cycle = state.cycle;
        if !self.is_hub()
            && state.links.values().any(|link| link.is_idle(cx.now(), cycle) && link.is_quiet(cx.now(), cycle))
        {
            self.send(cx, &mut state, &self.hub, None);
        }
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.state.borrow().values.iter().cloned().collect() }
    }

    #[message]
    fn batch(self: &Rc<Self>, cx: &Context, from: &NodeId, batch: Batch) {
        let mut state = self.state.borrow_mut();
        let (sent, cycle, round_trip) = (batch.sent, Duration::from_millis(batch.cycle), batch.round_trip);
        let Some(link) = state.links.get_mut(from) else { return };
        for value in link.receive(cx.now(), batch) {
            state.learn(value, Some(from));
        }
        if self.is_hub() {
            return;
        }
        state.cycle = cycle;
        // The first answer goes at once, news or not: it is what the round trip is measured by.
        let round_trip = round_trip.map(Duration::from_millis);
        let hold = round_trip.map_or(Duration::ZERO, |round_trip| cycle.saturating_sub(round_trip + MARGIN));
        let (node, owner) = (Rc::clone(self), cx.clone());
        cx.spawn(async move {
            owner.sleep(hold).await;
            let mut state = node.state.borrow_mut();
            let has_news = state.links.values().any(|link| link.has_news(owner.now()));
            if has_news || round_trip.is_none() {
                node.send(&owner, &mut state, &node.hub, Some(sent + millis(hold)));
            }
        });
    }

    /// The hub's turn; and that of a node whose news were left over when the traffic ended.
    #[every(millis = 10)]
    fn turn(&self, cx: &Context) {
        let mut state = self.state.borrow_mut();
        if cx.now() < state.next {
            return;
        }
        state.next = (state.next + state.cycle).max(cx.now());
        if self.is_hub() {
            state.cycle = self.affordable(&state);
        }
        let turn = |link: &Link| link.has_news(cx.now()) && (self.is_hub() || link.is_idle(cx.now(), state.cycle));
        let peers: Vec<_> = state.links.iter().filter(|(_, link)| turn(link)).map(|(id, _)| id.clone()).collect();
        peers.iter().for_each(|peer| self.send(cx, &mut state, peer, None));
    }
}

impl Hub {
    /// A node that may take `budget` to make a value known everywhere.
    pub fn with_budget(cx: &Context, budget: Duration) -> Self {
        let hub = cx.ids().first().expect("a cluster has nodes").clone();
        let is_hub = hub == *cx.id();
        let peers = cx.peers().filter(|peer| is_hub || **peer == hub);
        let links = peers.map(|peer| (peer.clone(), Link::default())).collect();
        let state = State { values: BTreeSet::new(), links, cycle: SHORTEST_CYCLE, next: Duration::ZERO };
        Self { id: cx.id().clone(), hub, budget, state: RefCell::new(state) }
    }

    fn is_hub(&self) -> bool {
        self.id == self.hub
    }

    /// The cycle that the budget allows.
    fn affordable(&self, state: &State) -> Duration {
        let round_trips = state.links.values().filter_map(|link| link.round_trip);
        let affordable = |round_trip| self.budget.saturating_sub(round_trip + 2 * MARGIN);
        round_trips.max().map_or(SHORTEST_CYCLE, affordable).max(SHORTEST_CYCLE)
    }

    fn send(&self, cx: &Context, state: &mut State, peer: &NodeId, answers: Option<u64>) {
        let cycle = millis(state.cycle);
        if let Some(link) = state.links.get_mut(peer) {
            cx.send(peer, &link.batch(cx.now(), cycle, answers));
        }
    }
}

impl State {
    /// Takes in a value and passes it on to everybody but its sender.
    fn learn(&mut self, value: Any, from: Option<&NodeId>) {
        if self.values.insert(value.clone()) {
            let others = self.links.iter_mut().filter(|(peer, _)| Some(*peer) != from);
            others.for_each(|(_, link)| link.queue.push_back(value.clone()));
        }
    }
}

impl Link {
    /// Whether there are values that were never sent, or a confirmation that has waited long enough on either side.
    fn has_news(&self, now: Duration) -> bool {
        // The very first batch goes without values as well, for the round trip.
        let fresh = self.last_sent.is_zero() || self.confirmed + (self.queue.len() as u64) > self.sent;
        let retry = !self.queue.is_empty() && now >= self.last_sent + RETRY;
        fresh || retry || self.unconfirmed.is_some_and(|since| now >= since + CONFIRM)
    }

    /// Whether we have been silent for so long that the other side does not wait for us.
    fn is_quiet(&self, now: Duration, cycle: Duration) -> bool {
        now > self.last_sent + cycle
    }

    /// Whether the other side has been silent for so long that there is no turn to wait for.
    fn is_idle(&self, now: Duration, cycle: Duration) -> bool {
        self.arrived.is_none_or(|arrived| now > arrived + cycle * 3 / 2)
    }

    fn batch(&mut self, now: Duration, cycle: u64, answers: Option<u64>) -> Batch {
        self.sent = self.confirmed + self.queue.len() as u64;
        self.last_sent = now;
        self.unconfirmed = None;
        Batch {
            first: self.confirmed,
            values: self.queue.iter().cloned().collect(),
            heard: self.heard,
            sent: millis(now),
            answers,
            cycle,
            round_trip: self.round_trip.map(millis),
        }
    }

    /// Takes in a batch, and gives the values in it that are new.
    fn receive(&mut self, now: Duration, batch: Batch) -> Vec<Any> {
        let confirmed = batch.heard.saturating_sub(self.confirmed).min(self.queue.len() as u64);
        self.queue.drain(..usize::try_from(confirmed).unwrap_or(usize::MAX));
        self.confirmed += confirmed;
        if let Some(answers) = batch.answers {
            self.round_trip = Some(now.saturating_sub(Duration::from_millis(answers)));
        }
        self.arrived = Some(now);
        if !batch.values.is_empty() {
            self.unconfirmed.get_or_insert(now);
        }
        let known = self.heard.saturating_sub(batch.first);
        let new: Vec<_> = batch.values.into_iter().skip(usize::try_from(known).unwrap_or(usize::MAX)).collect();
        self.heard += new.len() as u64;
        new
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
