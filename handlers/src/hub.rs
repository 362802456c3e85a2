//! Broadcast through a hub, or past it: values ride in batches from each node to the first one, and from there to all
//! others; if the latency budget does not allow this, each node tells all others by itself.
//!
//! # Why
//!
//! With `n` nodes, telling everybody about every value costs `n - 1` messages a value. Through the hub a cycle costs at
//! most one message each way and node, however many values it carries: `2 (n - 1)` messages a cycle. A value waits for
//! its node's turn (up to a cycle) and takes two hops, so the cycle is the latency that may be spent, less the round
//! trip. If that leaves less than a useful cycle, values go straight to everybody at once: one hop, `n - 1` messages.
//!
//! # Timing
//!
//! The hub sends every cycle. A node that has news answers each batch so late that the answer reaches the hub just before
//! it sends again; otherwise the news would wait there for most of a cycle. For that the hub measures each link's round
//! trip and tells the node. It takes the longest off the latency budget, and so finds its cycle. Without traffic nothing
//! is sent, and a lone value goes to the hub, and from there on, at once. Only the hub's clock counts, so nodes may start
//! when they like. A node that stalls for less than the margin by which answers arrive early makes nothing late: a value's
//! age is at most a cycle, that margin and the round trip.
//!
//! # Losing nothing
//!
//! Between the hub and each node a batch carries all that the other side is not known to have, and the vector of what its
//! sender has, which is also the confirmation (see `hub/knowledge.rs`). Confirmations go alone only if no batch has gone for a
//! second; what stays unconfirmed is sent again. Who sees by the vector that it still lacks something asks for it: so a
//! node that starts again with an empty memory gets everything back, and so a long backlog comes in messages of bounded
//! length. What is told past the hub needs no confirmation: the exchange with the hub finds what was lost.
//!
//! # Without the hub
//!
//! A node whose values the hub leaves unconfirmed for two seconds tells all others by itself, and asks a node drawn by
//! chance each second for what it lacks, until the hub confirms again. So a value is everywhere on its side of a partition
//! after five seconds at most, later ones after one hop; and what one living node has is not lost with the hub. Five
//! seconds after a partition everybody knows everything, unless so much has piled up that it takes several messages.
//!
//! # Nodes that are killed
//!
//! A node confirms to a client what it has told nobody yet; if it is killed then, the value is lost. That is the price of
//! few messages, and the challenges kill nobody. A [durable](Hub::durable) node answers, and shows the value to readers,
//! only when another node has it too. So no value is lost if nodes are killed one at a time, the hub included. It costs
//! no messages, but an answer takes as long as a confirmation: under load a cycle and a round trip, else a second more.

mod knowledge;
mod link;

use glomers_protocol::{
    Context, Json, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    handler,
    rand::seq::IteratorRandom,
};
use knowledge::{Excerpt, Knowledge};
use link::{Batch, Exchange, Link, millis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, collections::BTreeMap, ops::Bound, rc::Rc, time::Duration};

/// How long a value may take to be everywhere: what challenge 3d allows.
pub const BUDGET: Duration = Duration::from_millis(600);

/// The round trip until one has been measured: that of the challenges.
const ASSUMED_ROUND_TRIP: Duration = Duration::from_millis(200);

/// How long before the hub sends a node's batch should arrive there.
const MARGIN: Duration = Duration::from_millis(50);

/// How many milliseconds pass until a node looks again whether there is something to do.
const TURN: u64 = 10;

/// The shortest cycle through the hub that is worth it.
const SHORTEST_CYCLE: Duration = Duration::from_millis(50);

/// Batches values through the first node, or tells everybody.
pub struct Hub {
    id: NodeId,
    hub: NodeId,
    budget: Duration,
    is_durable: bool,
    state: RefCell<State>,
}

struct State {
    knowledge: Knowledge,
    /// All peers. A node exchanges batches with the hub, the hub with everybody; with others only when the hub is silent.
    links: BTreeMap<NodeId, Link>,
    /// How often the hub sends; `None`: values do not travel through it.
    cycle: Option<Duration>,
    /// When it is this node's turn next.
    next: Duration,
    /// How many values it knew at its last turn with news.
    passed_on: usize,
    /// How many values of its own log the node has told everybody by itself.
    told: usize,
    /// How many values of its own log another node has or had.
    confirmed: usize,
}

/// What the sender has been told by clients.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Rumour {
    news: Vec<Excerpt>,
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

    async fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        if !self.is_durable {
            self.take(cx, request.message);
            return BroadcastOk {};
        }
        self.take(cx, request.message.clone());
        while self.alone_with(&self.state.borrow()).contains(&request.message) {
            cx.sleep(Duration::from_millis(TURN)).await;
        }
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        let state = self.state.borrow();
        let hidden = self.alone_with(&state);
        ReadOk { messages: state.knowledge.values().filter(|value| !hidden.contains(value)).cloned().collect() }
    }

    #[message]
    fn rumour(&self, cx: &Context, rumour: Rumour) {
        self.state.borrow_mut().knowledge.learn(cx.now(), rumour.news);
    }

    #[message]
    fn batch(self: &Rc<Self>, cx: &Context, from: &NodeId, batch: Batch) {
        let mut state = self.state.borrow_mut();
        let State { knowledge, links, .. } = &mut *state;
        let Some(link) = links.get_mut(from) else { return };
        let (sent, is_turn, cycle) = (batch.sent, batch.is_turn(), batch.cycle.map(Duration::from_millis));
        let reaction = link.receive(knowledge, cx.now(), batch);
        let confirmed = knowledge.own_part(&link.has);
        state.confirmed = state.confirmed.max(confirmed);
        if self.is_hub() {
            state.cycle = affordable(self.budget, &state.links);
        } else if *from == self.hub {
            state.cycle = cycle;
        }
        match (reaction, state.cycle) {
            (Some(exchange), _) => self.send(cx, &mut state, from, exchange),
            (None, Some(cycle)) if *from == self.hub && is_turn => self.answer_later(cx, &state, cycle, sent),
            (None, _) => {}
        }
    }

    /// The hub's turn, once a cycle if there is something to say; and that of a node that the hub does not wait for.
    #[every(millis = TURN)]
    fn turn(&self, cx: &Context) {
        let (mut state, now) = (self.state.borrow_mut(), cx.now());
        let cycle = state.cycle.unwrap_or_default();
        if now < state.next {
            return;
        }
        let due = |knowledge: &_, link: &Link| {
            (self.is_hub() || link.is_idle(now, cycle)) && link.is_due(knowledge, now, !cycle.is_zero())
        };
        let sent = self.send_where(cx, &mut state, due);
        // Confirmations and questions alone keep no news waiting.
        if sent && state.knowledge.total() > state.passed_on {
            // The hub may send when our batch comes: the next one must be there before it sends again.
            let pause = if self.is_hub() { cycle } else { cycle.saturating_sub(MARGIN) };
            (state.next, state.passed_on) = (now + pause, state.knowledge.total());
        }
    }

    /// What a node does by itself while the hub is silent.
    #[every(secs = 1)]
    fn cope(&self, cx: &Context) {
        let mut state = self.state.borrow_mut();
        state.knowledge.adopt(cx.now());
        if self.misses_hub(cx, &state) {
            self.tell_everybody(cx, &mut state);
            let others = cx.peers().filter(|peer| **peer != self.hub);
            if let Some(peer) = others.choose(&mut cx.rng()) {
                self.send(cx, &mut state, peer, Exchange { ask: true, ..Exchange::default() });
            }
        }
    }
}

impl Hub {
    /// A node that may take `budget` to make a value known everywhere.
    pub fn with_budget(cx: &Context, budget: Duration) -> Self {
        let hub = cx.ids().first().expect("a cluster has nodes").clone();
        let links = cx.peers().map(|peer| (peer.clone(), Link::default())).collect();
        let (knowledge, cycle) = (Knowledge::new(cx), affordable(budget, &links));
        let state = State { knowledge, links, cycle, next: Duration::ZERO, passed_on: 0, told: 0, confirmed: 0 };
        Self { id: cx.id().clone(), hub, budget, is_durable: false, state: RefCell::new(state) }
    }

    /// A node that confirms and shows only what another node has as well, if there is one.
    pub fn durable(self) -> Self {
        Self { is_durable: true, ..self }
    }

    /// Takes in what a client says.
    fn take(&self, cx: &Context, value: Json) {
        let mut state = self.state.borrow_mut();
        if !state.knowledge.add(value) {
            return;
        }
        let misses_hub = self.misses_hub(cx, &state);
        if misses_hub || state.cycle.is_none() {
            self.tell_everybody(cx, &mut state);
        }
        if !misses_hub && state.cycle.is_none() {
            self.send_where(cx, &mut state, |_, _| true);
        }
    }

    /// The values that would be lost with this node, if it is to care.
    fn alone_with<'a>(&self, state: &'a State) -> &'a [Json] {
        let cares = self.is_durable && !state.links.is_empty();
        if cares { state.knowledge.own_from(state.confirmed) } else { &[] }
    }

    fn is_hub(&self) -> bool {
        self.id == self.hub
    }

    /// Whether the hub does not confirm what this node has told it.
    fn misses_hub(&self, cx: &Context, state: &State) -> bool {
        state.links.get(&self.hub).is_some_and(|hub| hub.is_silent(cx.now()))
    }

    /// Tells everybody what clients have told this node, as far as nobody else has seen to it.
    fn tell_everybody(&self, cx: &Context, state: &mut State) {
        let with_hub = state.links.get(&self.hub).map_or(0, |hub| state.knowledge.own_part(&hub.has));
        if !self.is_hub()
            && let Some(excerpt) = state.knowledge.own_beyond(state.told.max(with_hub))
        {
            state.told = excerpt.upto();
            let rumour = Rumour { news: vec![excerpt] };
            cx.peers().filter(|peer| **peer != self.hub).for_each(|peer| cx.send(peer, &rumour));
        }
    }

    /// Answers the hub just before it sends again, if there is something to say then.
    fn answer_later(self: &Rc<Self>, cx: &Context, state: &State, cycle: Duration, sent: u64) {
        let round_trip = state.links[&self.hub].round_trip.unwrap_or(ASSUMED_ROUND_TRIP);
        let hold = cycle.saturating_sub(round_trip + MARGIN);
        let (node, cx, arrived) = (Rc::clone(self), cx.clone(), cx.now());
        cx.clone().spawn(async move {
            cx.sleep(hold).await;
            let mut state = node.state.borrow_mut();
            if state.links[&node.hub].is_due(&state.knowledge, cx.now(), true) {
                let answers = Some(sent.saturating_add(millis(cx.now() - arrived)));
                node.send(&cx, &mut state, &node.hub, Exchange { answers, ..Exchange::default() });
            }
        });
    }

    /// Sends batches where it is `wanted`: to the hub, or from there to anybody. Says whether there was one.
    fn send_where(&self, cx: &Context, state: &mut State, wanted: impl Fn(&Knowledge, &Link) -> bool) -> bool {
        let hub = Bound::Included(&self.hub);
        let bounds = if self.is_hub() { (Bound::Unbounded, Bound::Unbounded) } else { (hub, hub) };
        let partners = state.links.range::<NodeId, _>(bounds);
        let wanted = partners.filter(|(_, link)| wanted(&state.knowledge, link));
        let peers: Vec<_> = wanted.map(|(peer, _)| peer.clone()).collect();
        peers.iter().for_each(|peer| self.send(cx, state, peer, Exchange::default()));
        !peers.is_empty()
    }

    fn send(&self, cx: &Context, state: &mut State, peer: &NodeId, exchange: Exchange) {
        let State { knowledge, links, cycle, .. } = state;
        if let Some(link) = links.get_mut(peer) {
            let mut batch = link.batch(knowledge, cx.now(), exchange);
            if self.is_hub() {
                batch.cycle = cycle.map(millis);
                batch.round_trip = link.round_trip.map(millis);
            }
            cx.send(peer, &batch);
        }
    }
}

/// The cycle that a budget allows, given the longest round trip; none if values are to go straight to everybody.
fn affordable(budget: Duration, links: &BTreeMap<NodeId, Link>) -> Option<Duration> {
    let round_trip = links.values().filter_map(|link| link.round_trip).max().unwrap_or(ASSUMED_ROUND_TRIP);
    budget.checked_sub(round_trip + MARGIN).filter(|cycle| *cycle >= SHORTEST_CYCLE)
}
