//! Small nodes for the workbench's tests: right ones, and ones that are wrong on purpose.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of them")]

use glomers_protocol::{
    CallError, Context, Json, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    echo::{Echo, EchoOk},
    g_set, handler, pn_counter,
    rand::RngExt,
    unique_ids::{Generate, GenerateOk},
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

/// Broadcasts everything it knows to everybody, ten times a second: wasteful and right.
#[derive(Default)]
pub struct Flood {
    values: RefCell<BTreeSet<Json>>,
    fault: Fault,
}

/// The mistake that a [`Flood`] makes.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// Confirms every tenth value without storing it.
    Forgets,
    /// Sends a value once and never again.
    NeverRepeats,
    /// Tells no other node.
    KeepsToItself,
    /// Treats each message as new.
    CountsTwice,
}

#[derive(Serialize, Deserialize)]
pub struct Values {
    values: BTreeSet<Json>,
}

impl Flood {
    pub fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }
}

#[handler(broadcast)]
impl Flood {
    fn topology(&self, _: Topology) -> TopologyOk {
        TopologyOk {}
    }

    fn broadcast(&self, cx: &Context, request: Broadcast) -> BroadcastOk {
        let forgets = self.fault == Fault::Forgets && cx.rng().random_ratio(1, 10);
        if !forgets {
            self.values.borrow_mut().insert(request.message.clone());
        }
        if self.fault == Fault::NeverRepeats {
            let values = Values { values: BTreeSet::from([request.message]) };
            cx.peers().for_each(|peer| cx.send(peer, &values));
        }
        BroadcastOk {}
    }

    fn read(&self, _: Read) -> ReadOk {
        ReadOk { messages: self.values.borrow().iter().cloned().collect() }
    }

    #[message]
    fn values(&self, received: Values) {
        self.values.borrow_mut().extend(received.values);
    }

    #[every(millis = 250)]
    fn flood(&self, cx: &Context) {
        if matches!(self.fault, Fault::None | Fault::Forgets) {
            let values = Values { values: self.values.borrow().clone() };
            cx.peers().for_each(|peer| cx.send(peer, &values));
        }
    }
}

/// Counts from the same number on every node.
#[derive(Default)]
pub struct SameCounter(Cell<u64>);

#[handler(unique_ids)]
impl SameCounter {
    fn generate(&self, _: Generate) -> GenerateOk {
        GenerateOk { id: Json::from(self.0.replace(self.0.get() + 1)) }
    }
}

/// Draws ids from too few.
#[derive(Default)]
pub struct SmallDice;

#[handler(unique_ids)]
impl SmallDice {
    fn generate(&self, cx: &Context, from: &NodeId, _: Generate) -> GenerateOk {
        let dice: u16 = cx.rng().random();
        GenerateOk { id: Json::from(format!("{from}-{}", dice % 128)) }
    }
}

/// Asks somebody who does not exist before it answers.
#[derive(Default)]
pub struct NeedsOthers;

#[handler(unique_ids)]
impl NeedsOthers {
    async fn generate(&self, cx: &Context, request: Generate) -> Result<GenerateOk, CallError> {
        cx.call("nobody", &request).await
    }
}

/// Answers with what it was asked before.
#[derive(Default)]
pub struct Lagging(RefCell<Option<Json>>);

#[handler(echo)]
impl Lagging {
    fn echo(&self, request: Echo) -> EchoOk {
        let before = self.0.replace(Some(request.echo.clone()));
        EchoOk { echo: before.unwrap_or(request.echo) }
    }
}

/// Answers with a text, whatever it was asked.
#[derive(Default)]
pub struct Shouting;

#[handler(echo)]
impl Shouting {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: Json::from(request.echo.as_str().to_uppercase()) }
    }
}

/// A grow-only set that tells everybody everything.
#[derive(Default)]
pub struct Set {
    elements: RefCell<BTreeSet<Json>>,
    fault: Fault,
}

#[derive(Serialize, Deserialize)]
pub struct Elements {
    elements: BTreeSet<Json>,
}

impl Set {
    pub fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }
}

#[handler(g_set)]
impl Set {
    fn add(&self, cx: &Context, request: g_set::Add) -> g_set::AddOk {
        if self.fault != Fault::Forgets || cx.rng().random_ratio(9, 10) {
            self.elements.borrow_mut().insert(request.element);
        }
        g_set::AddOk {}
    }

    fn read(&self, _: g_set::Read) -> g_set::ReadOk {
        g_set::ReadOk { value: self.elements.borrow().iter().cloned().collect() }
    }

    #[message]
    fn elements(&self, received: Elements) {
        self.elements.borrow_mut().extend(received.elements);
    }

    #[every(millis = 250)]
    fn flood(&self, cx: &Context) {
        if self.fault != Fault::KeepsToItself {
            let elements = Elements { elements: self.elements.borrow().clone() };
            cx.peers().for_each(|peer| cx.send(peer, &elements));
        }
    }
}

/// A counter: what each node added, told to everybody.
#[derive(Default)]
pub struct Counter {
    added: RefCell<BTreeMap<NodeId, i64>>,
    fault: Fault,
}

#[derive(Serialize, Deserialize)]
pub struct Added {
    added: BTreeMap<NodeId, i64>,
}

impl Counter {
    pub fn with(fault: Fault) -> impl Fn(&Context) -> Self + Clone {
        move |_| Self { fault, ..Self::default() }
    }
}

#[handler(pn_counter)]
impl Counter {
    fn add(&self, cx: &Context, request: pn_counter::Add) -> pn_counter::AddOk {
        if self.fault != Fault::Forgets || cx.rng().random_ratio(9, 10) {
            *self.added.borrow_mut().entry(cx.id().clone()).or_default() += request.delta;
        }
        pn_counter::AddOk {}
    }

    fn read(&self, _: pn_counter::Read) -> pn_counter::ReadOk {
        pn_counter::ReadOk { value: self.added.borrow().values().sum() }
    }

    #[message]
    fn added(&self, received: Added) {
        let mut added = self.added.borrow_mut();
        for (node, sum) in received.added {
            // A sum that is added instead of replaced counts again with every message.
            let before = if self.fault == Fault::CountsTwice { added.get(&node).copied().unwrap_or(0) } else { 0 };
            added.insert(node, before + sum);
        }
    }

    #[every(millis = 100)]
    fn flood(&self, cx: &Context) {
        let own = self.added.borrow().get(cx.id()).copied();
        if let Some(own) = own.filter(|_| self.fault != Fault::KeepsToItself) {
            let added = Added { added: BTreeMap::from([(cx.id().clone(), own)]) };
            cx.peers().for_each(|peer| cx.send(peer, &added));
        }
    }
}
