//! Counters that tell each other every addition by itself: one that is right under all faults but kills, and ones that
//! rely on a network or a clock that is better than it is.
#![expect(unreachable_pub, reason = "a helper of tests")]

use glomers_protocol::{
    Context, NodeId, handler,
    pn_counter::{Add, AddOk, Read, ReadOk},
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// The assumption that a node relies on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Trust {
    /// Nothing: additions are numbered, sent until they are acknowledged, and counted once.
    #[default]
    Nothing,
    /// All messages arrive: each is sent once.
    Arrival,
    /// No message comes twice.
    Uniqueness,
    /// Messages come in order: one that was overtaken counts as known.
    Order,
    /// Messages come within half a second: an older one counts as known.
    Haste,
    /// Answers come at once: a node that does not answer has not heard.
    Speed,
    /// Links work in both directions: a message to a node that was just heard is not sent again.
    Symmetry,
}

#[derive(Default)]
pub struct Deltas {
    trust: Trust,
    sum: Cell<i64>,
    last: Cell<u64>,
    unacknowledged: RefCell<BTreeMap<(NodeId, u64), Delta>>,
    known: RefCell<BTreeMap<NodeId, BTreeSet<u64>>>,
    heard: RefCell<BTreeMap<NodeId, u128>>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Delta {
    number: u64,
    delta: i64,
    /// Milliseconds since the node was started; all nodes are at the same time.
    sent: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Known {
    number: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Alive {}

impl Deltas {
    pub fn with(trust: Trust) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { trust, ..Self::default() }
    }

    /// Tells whether a delta was not counted yet.
    fn is_new(&self, cx: &Context, from: &NodeId, delta: &Delta) -> bool {
        let mut known = self.known.borrow_mut();
        let known = known.entry(from.clone()).or_default();
        match self.trust {
            Trust::Uniqueness | Trust::Speed => true,
            Trust::Order if known.last().is_some_and(|last| *last >= delta.number) => false,
            Trust::Haste if cx.now().as_millis() > u128::from(delta.sent) + 500 => false,
            _ => known.insert(delta.number),
        }
    }

    fn was_just_heard(&self, cx: &Context, peer: &NodeId) -> bool {
        self.heard.borrow().get(peer).is_some_and(|heard| cx.now().as_millis() < heard + 300)
    }
}

#[handler(pn_counter)]
impl Deltas {
    fn add(&self, cx: &Context, request: Add) -> AddOk {
        self.sum.set(self.sum.get() + request.delta);
        self.last.set(self.last.get() + 1);
        let sent = u64::try_from(cx.now().as_millis()).unwrap_or(u64::MAX);
        let delta = Delta { number: self.last.get(), delta: request.delta, sent };
        for peer in cx.peers() {
            self.unacknowledged.borrow_mut().insert((peer.clone(), delta.number), delta.clone());
        }
        self.tell(cx);
        AddOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { value: self.sum.get() }
    }

    #[message]
    fn delta(&self, cx: &Context, from: &NodeId, delta: Delta) {
        if self.is_new(cx, from, &delta) {
            self.sum.set(self.sum.get() + delta.delta);
        }
        cx.send(from, &Known { number: delta.number });
    }

    #[message]
    fn known(&self, from: &NodeId, known: Known) {
        self.unacknowledged.borrow_mut().remove(&(from.clone(), known.number));
    }

    #[message]
    fn alive(&self, cx: &Context, from: &NodeId, _: Alive) {
        self.heard.borrow_mut().insert(from.clone(), cx.now().as_millis());
    }

    #[every(millis = 200)]
    fn tell(&self, cx: &Context) {
        cx.peers().for_each(|peer| cx.send(peer, &Alive {}));
        self.unacknowledged.borrow_mut().retain(|(peer, _), delta| {
            let waits = self.trust == Trust::Symmetry && !self.was_just_heard(cx, peer);
            if !waits {
                cx.send(peer, delta);
            }
            match self.trust {
                // A right node's second try would find a known number; this one's counts again.
                Trust::Uniqueness | Trust::Arrival => false,
                Trust::Symmetry => waits,
                _ => true,
            }
        });
    }
}
