//! Broadcast over a star: each node sends its values in batches to a *coordinator*, the first node, which passes them
//! on to all others. If the latency budget is too small for that, each node sends its values to all others itself.
//!
//! # Cost
//!
//! With `n` nodes, sending every value to every node costs `n - 1` messages per value. Over the star, one cycle costs
//! at most one message per node in each direction, however many values it carries: `2 (n - 1)` messages per cycle. A
//! value waits for its node's turn, up to one cycle, and takes two hops. So a cycle may last as long as the latency
//! budget minus the round trip. If that leaves too short a cycle, values go to every node at once: one hop and `n - 1`
//! messages.
//!
//! # Timing
//!
//! The coordinator sends once per cycle. A node with new values delays its answer to each batch so that the answer
//! arrives just before the coordinator sends again; otherwise the values would wait there for most of a cycle. For this
//! purpose the coordinator measures the round trip of each link and tells the node. It subtracts the longest one from
//! the latency budget, which gives the length of a cycle. Without traffic nothing is sent, and a single value travels
//! to the coordinator, and from there to the others, at once. Only the coordinator's clock matters, so nodes may start
//! at any time. Answers arrive early by a margin of 50 ms, so a node that stalls for less makes nothing late: a value
//! is everywhere after at most a cycle, the margin and the round trip.
//!
//! # No loss
//!
//! A batch between the coordinator and a node carries all values that the receiver is not known to have, and the
//! sender's version vector, which is also the acknowledgement (see `star_broadcast/origin_logs.rs`). Acknowledgements
//! are sent on their own only if no batch has been sent for a second. Unacknowledged values are sent again. A node that
//! sees from the vector that it still lacks values asks for them: in this way a node that restarts with an empty memory
//! gets everything back, and a long backlog is sent in messages of bounded length. Values that were sent past the
//! coordinator need no acknowledgement: the exchange with the coordinator finds what was lost.
//!
//! # Without the coordinator
//!
//! If the coordinator does not acknowledge a node's values for two seconds, the node sends them to all others itself.
//! Once per second it also asks a random node for what it lacks, until the coordinator acknowledges again. So a value
//! is on every node on its side of a partition after at most five seconds, later ones after one hop, and a value that
//! one live node has is not lost with the coordinator. Five seconds after a partition all nodes have all values, unless
//! so many have piled up that they need several messages.
//!
//! # Killed nodes
//!
//! With a disk, a node acknowledges a value when it is durable there ([`Durable`]), and shows the values of other nodes
//! only then, too. So whatever a client knows survives the death of all nodes. A restarted node is a new origin, and
//! the others learn from its vector what it has. Hence only answers wait for the disk, and batches do not: a node that
//! has forgotten values that it had sent, or said to have, says so by its next vector, and those that have them send
//! them back.
//!
//! Without a disk, a value is acknowledged before any other node has it. If the node is killed then, the value is lost.
//! That is the price of few messages. A node could instead wait until another node has the value too. Then it would
//! survive kills of one node at a time, but an answer would take as long as an acknowledgement: a cycle and a round
//! trip under load, otherwise a second more, and for ever in a partition. A disk gives more for a few milliseconds.

mod link;
mod origin_logs;
mod version_vector;

use crate::durable::{Durable, OpenError};
use glomers_json::SortedMap;
use glomers_protocol::{
    Context, Json, NodeId, Reply,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
    rand::{RngExt, seq::IteratorRandom},
};
use link::{Batch, Exchange, Link, millis};
use origin_logs::{Change, Delta, OriginLogs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, rc::Rc, time::Duration};
use version_vector::VersionVector;

/// The time within which a value must be on every node: what challenge 3d allows.
pub const BUDGET: Duration = Duration::from_millis(600);

/// The round trip until one has been measured: that of the challenges.
const ASSUMED_ROUND_TRIP: Duration = Duration::from_millis(200);

/// The time by which a node's batch should arrive before the coordinator sends.
const MARGIN: Duration = Duration::from_millis(50);

/// The period in milliseconds at which a node checks if there is something to send.
const TURN: u64 = 10;

/// The shortest cycle for which the star is worth it.
const SHORTEST_CYCLE: Duration = Duration::from_millis(50);

/// Sends values in batches over a star, or to every node.
#[derive(Debug)]
pub struct StarBroadcast {
    id: NodeId,
    coordinator: NodeId,
    budget: Duration,
    logs: Durable<OriginLogs>,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    /// The peers with which this node exchanges batches: from the start the coordinator, or, at the coordinator, every
    /// node. Other pairs do so only while the coordinator is silent, and a cluster of `n` nodes has `n * n` of them.
    links: SortedMap<NodeId, Link>,
    /// The values that a peer counts as having until it is heard.
    initial: VersionVector,
    /// The time between two sends of the coordinator; `None` if values do not travel through it.
    cycle: Option<Duration>,
    /// The time of this node's next turn.
    next: Duration,
    /// The number of values that it had at its last turn with new values.
    passed_on: usize,
    /// The number of values of its own log that it has sent to all nodes itself.
    sent_directly: usize,
}

/// Values that clients have sent to the sender, without an exchange of vectors.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Rumour {
    news: Vec<Delta>,
}

#[handler(broadcast, schema)]
impl StarBroadcast {
    #[init]
    fn new(cx: &Context) -> Result<Self, OpenError> {
        Self::with_budget(cx, BUDGET)
    }

    /// Ignores the proposed topology: every node may send to every other.
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> Reply<BroadcastOk> {
        self.take(cx, request.message);
        self.logs.answer(BroadcastOk {})
    }

    fn read(&self, _: Read) -> Reply<ReadOk> {
        let messages = self.logs.state().values().cloned().collect();
        self.logs.answer(ReadOk { messages })
    }

    #[message]
    fn rumour(&self, rumour: Rumour) {
        self.learn(rumour.news);
    }

    #[message]
    fn batch(self: &Rc<Self>, cx: &Context, from: &NodeId, mut batch: Batch) {
        let mut state = self.state.borrow_mut();
        let Some(link) = state.link(cx, from) else { return };
        let (sent, is_turn, cycle) = (batch.sent, batch.is_turn(), batch.cycle.map(Duration::from_millis));
        link.hear(cx.now(), &mut batch);
        self.learn(std::mem::take(&mut batch.news));
        let answer = link.answer(&self.logs.state(), cx.now(), &batch);
        if self.is_coordinator() {
            state.cycle = affordable(self.budget, &state.links);
        } else if *from == self.coordinator {
            state.cycle = cycle;
        }
        match (answer, state.cycle) {
            (Some(exchange), _) => self.send(cx, &mut state, from, exchange),
            (None, Some(cycle)) if *from == self.coordinator && is_turn => self.answer_later(cx, &state, cycle, sent),
            (None, _) => {}
        }
    }

    /// The coordinator's turn, once per cycle if there is something to send; and that of a node for whose answer the
    /// coordinator does not wait.
    #[every(millis = TURN)]
    fn turn(&self, cx: &Context) {
        let (mut state, now) = (self.state.borrow_mut(), cx.now());
        let cycle = state.cycle.unwrap_or_default();
        if now < state.next {
            return;
        }
        let logs = self.logs.state();
        let due = |link: &Link| {
            (self.is_coordinator() || link.is_idle(now, cycle)) && link.is_due(&logs, now, !cycle.is_zero())
        };
        let sent = self.send_where(cx, &mut state, due);
        // Acknowledgements and questions alone delay no new values.
        if sent && logs.total() > state.passed_on {
            // The coordinator may send when this batch arrives, so the next one must be there before it sends again.
            let pause = if self.is_coordinator() { cycle } else { cycle.saturating_sub(MARGIN) };
            (state.next, state.passed_on) = (now + pause, logs.total());
        }
    }

    /// Spreads values without the coordinator while it is silent.
    #[every(secs = 1)]
    fn bypass(&self, cx: &Context) {
        self.adopt();
        self.logs.compact();
        let mut state = self.state.borrow_mut();
        if self.coordinator_is_silent(cx, &state) {
            self.send_to_all(cx, &mut state);
            let others = cx.peers().filter(|peer| **peer != self.coordinator);
            if let Some(peer) = others.choose(&mut cx.rng()) {
                self.send(cx, &mut state, peer, Exchange { ask: true, ..Exchange::default() });
            }
        }
    }
}

impl StarBroadcast {
    /// A node that may take `budget` to bring a value to every node.
    ///
    /// # Errors
    ///
    /// If the disk cannot be used, its data are damaged, or they belong to another node.
    pub fn with_budget(cx: &Context, budget: Duration) -> Result<Self, OpenError> {
        let coordinator = cx.ids().first().expect("a cluster has nodes").clone();
        let logs = open(cx)?;
        let initial = logs.state().vector().clone();
        let partners = cx.peers().filter(|peer| *cx.id() == coordinator || **peer == coordinator);
        let links = partners.map(|peer| (peer.clone(), Link::new(initial.clone()))).collect::<SortedMap<_, _>>();
        let (cycle, passed_on) = (affordable(budget, &links), logs.state().total());
        let state = RefCell::new(State { links, initial, cycle, next: Duration::ZERO, passed_on, sent_directly: 0 });
        Ok(Self { id: cx.id().clone(), coordinator, budget, logs, state })
    }

    /// Adds the values that another node sent.
    fn learn(&self, news: Vec<Delta>) {
        if self.logs.state().lacks(&news) {
            self.logs.apply(Change::Received(news));
        }
    }

    /// Adopts values whose predecessors do not come.
    fn adopt(&self) {
        let overdue = self.logs.change(OriginLogs::age);
        if !overdue.is_empty() {
            self.logs.apply(Change::Adopted(overdue));
        }
    }

    /// Adds a client's value.
    fn take(&self, cx: &Context, value: Json) {
        if self.logs.state().contains(&value) {
            return;
        }
        self.logs.apply(Change::Added(value));
        let mut state = self.state.borrow_mut();
        let is_silent = self.coordinator_is_silent(cx, &state);
        if is_silent || state.cycle.is_none() {
            self.send_to_all(cx, &mut state);
        }
        if !is_silent && state.cycle.is_none() {
            self.send_where(cx, &mut state, |_| true);
        }
    }

    fn is_coordinator(&self) -> bool {
        self.id == self.coordinator
    }

    /// Tells if the coordinator does not acknowledge this node's values.
    fn coordinator_is_silent(&self, cx: &Context, state: &State) -> bool {
        state.links.get(&self.coordinator).is_some_and(|link| link.is_silent(cx.now()))
    }

    /// Sends every node but the coordinator the values of clients that the coordinator has not acknowledged.
    fn send_to_all(&self, cx: &Context, state: &mut State) {
        let logs = self.logs.state();
        let acknowledged = state.links.get(&self.coordinator).map_or(0, |link| logs.own_length(&link.has));
        if !self.is_coordinator()
            && let Some(delta) = logs.own_beyond(state.sent_directly.max(acknowledged))
        {
            state.sent_directly = delta.end();
            let rumour = Rumour { news: vec![delta] };
            cx.peers().filter(|peer| **peer != self.coordinator).for_each(|peer| cx.send(peer, &rumour));
        }
    }

    /// Answers the coordinator just before it sends again, if there is something to send then.
    fn answer_later(self: &Rc<Self>, cx: &Context, state: &State, cycle: Duration, sent: u64) {
        let round_trip = state.links.get(&self.coordinator).and_then(|link| link.round_trip);
        let round_trip = round_trip.unwrap_or(ASSUMED_ROUND_TRIP);
        let hold = cycle.saturating_sub(round_trip + MARGIN);
        let (node, cx, arrived) = (Rc::clone(self), cx.clone(), cx.now());
        cx.clone().spawn(async move {
            cx.sleep(hold).await;
            let mut state = node.state.borrow_mut();
            let link = state.links.get(&node.coordinator);
            if link.is_some_and(|link| link.is_due(&node.logs.state(), cx.now(), true)) {
                let answers = Some(sent.saturating_add(millis(cx.now() - arrived)));
                node.send(&cx, &mut state, &node.coordinator, Exchange { answers, ..Exchange::default() });
            }
        });
    }

    /// Sends a batch over each `wanted` link: to the coordinator, or from it to any node. Returns `true` if it sent
    /// one.
    fn send_where(&self, cx: &Context, state: &mut State, wanted: impl Fn(&Link) -> bool) -> bool {
        let is_partner = |peer: &NodeId| self.is_coordinator() || *peer == self.coordinator;
        let wanted = state.links.iter().filter(|(peer, link)| is_partner(peer) && wanted(link));
        let peers: Vec<_> = wanted.map(|(peer, _)| peer.clone()).collect();
        peers.iter().for_each(|peer| self.send(cx, state, peer, Exchange::default()));
        !peers.is_empty()
    }

    fn send(&self, cx: &Context, state: &mut State, peer: &NodeId, exchange: Exchange) {
        let cycle = state.cycle;
        if let Some(link) = state.link(cx, peer) {
            let mut batch = link.batch(&self.logs.state(), cx.now(), exchange);
            if self.is_coordinator() {
                batch.cycle = cycle.map(millis);
                batch.round_trip = link.round_trip.map(millis);
            }
            cx.send(peer, &batch);
        }
    }
}

impl State {
    /// The link to a peer; `None` if the cluster has no such node.
    fn link(&mut self, cx: &Context, peer: &NodeId) -> Option<&mut Link> {
        if self.links.get(peer).is_none() {
            let peer = cx.peers().find(|known| *known == peer)?;
            self.links.insert(peer.clone(), Link::new(self.initial.clone()));
        }
        self.links.get_mut(peer)
    }
}

/// The logs that the disk has, or empty ones, of a new origin.
fn open(cx: &Context) -> Result<Durable<OriginLogs>, OpenError> {
    let own = NodeId::from(format!("{}.{:x}", cx.id(), cx.rng().random::<u32>()));
    let logs = Durable::open(cx, || OriginLogs::new(own.clone()))?;
    if *logs.state().own() != own {
        logs.apply(Change::Started(own));
    }
    Ok(logs)
}

/// The cycle that a budget allows, given the longest round trip; `None` if values must go straight to every node.
fn affordable(budget: Duration, links: &[(NodeId, Link)]) -> Option<Duration> {
    let round_trip = links.iter().filter_map(|(_, link)| link.round_trip).max().unwrap_or(ASSUMED_ROUND_TRIP);
    budget.checked_sub(round_trip + MARGIN).filter(|cycle| *cycle >= SHORTEST_CYCLE)
}
