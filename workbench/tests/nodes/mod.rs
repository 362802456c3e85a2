//! Small nodes for the workbench's tests: right ones, and ones that are wrong on purpose.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of them")]

use glomers_protocol::{
    Any, CallError, Context, NodeId,
    broadcast::{Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk},
    echo::{Echo, EchoOk},
    handler,
    rand::RngExt,
    unique_ids::{Generate, GenerateOk},
};
use serde::{Deserialize, Serialize};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

/// Broadcasts everything it knows to everybody, ten times a second: wasteful and right.
#[derive(Default)]
pub struct Flood {
    values: RefCell<BTreeSet<Any>>,
    fault: Fault,
}

/// What is wrong with a [`Flood`].
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// Confirms every tenth value without storing it.
    Forgets,
    /// Sends a value once and never again.
    NeverRepeats,
    /// Tells nobody.
    KeepsToItself,
}

#[derive(Serialize, Deserialize)]
pub struct Values {
    values: BTreeSet<Any>,
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

    #[every(millis = 100)]
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
        GenerateOk { id: Any::from(self.0.replace(self.0.get() + 1)) }
    }
}

/// Draws ids from too few.
#[derive(Default)]
pub struct SmallDice;

#[handler(unique_ids)]
impl SmallDice {
    fn generate(&self, cx: &Context, from: &NodeId, _: Generate) -> GenerateOk {
        let dice: u16 = cx.rng().random();
        GenerateOk { id: Any::from(format!("{from}-{}", dice % 128)) }
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
pub struct Lagging(RefCell<Option<Any>>);

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
        EchoOk { echo: Any::from(request.echo.text().to_uppercase()) }
    }
}
