//! Logs: a message sent to a key gets an offset, and polls return it there (Maelstrom: `workload/kafka.clj`; jepsen:
//! `tests/kafka.clj`).
//!
//! A client polls the logs of its last assignment, from its own offset in each. The value of an operation is a list of
//! one step, as in a transaction:
//!
//! - `poll`: `[["poll"]]`, completed as `[["poll", {"k": [[offset, message], ..], ..}]]`;
//! - `send`: `[["send", "k", message]]`, completed as `[["send", "k", [offset, message]]]`;
//! - `assign`: the keys to poll from now on, from the beginning if the entry has `seek-to-beginning?`. If it has
//!   `unseen`, these are keys with messages that no client has polled yet;
//! - `crash`: the client ends and a new one replaces it.

mod final_polls;
mod offsets;
mod session;
mod traffic;

use crate::workload::interface::{Connection, Workload};
use crate::{
    options::Options,
    workload::{
        client::Client,
        generator::{Generator, Invocation},
    },
};
use final_polls::FinalPolls;
use glomers_checkers::{checker::kafka::KafkaChecker, verdict::Checker};
use glomers_protocol::Json;
use offsets::Offsets;
use session::Session;
use std::{cell::RefCell, rc::Rc};
use traffic::Traffic;

/// The kafka workload.
#[derive(Debug, Default)]
pub struct KafkaWorkload {
    /// The highest offset sent or polled for each key, which the final polls must reach.
    seen: Rc<RefCell<Offsets>>,
}

impl Workload for KafkaWorkload {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["assign", "crash", "poll", "send", "subscribe", "txn"]
    }

    fn generator(&self, options: &Options) -> Box<dyn Generator> {
        Box::new(Traffic::new(options, Rc::clone(&self.seen)))
    }

    /// Otherwise no poll would see anything.
    fn opening(&self, options: &Options) -> Option<Invocation> {
        let keys: Vec<_> = (0..options.key_count.unwrap_or(1)).map(|key| key.to_string()).collect();
        Some(Invocation::new("assign", Json::new(&keys)))
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(Box::new(FinalPolls::new(Rc::clone(&self.seen))))
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        let session = Rc::new(Session::new(client));
        Rc::new(move |invocation| {
            let session = Rc::clone(&session);
            Box::pin(async move { session.invoke(invocation).await })
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(KafkaChecker)
    }
}
