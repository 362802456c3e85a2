//! Logs: what is sent under a key gets an offset, and polls see it there (Maelstrom: `workload/kafka.clj`; jepsen:
//! `tests/kafka.clj`).
//!
//! A client follows the logs that it was last assigned, from an offset of its own in each. An operation's value is a list
//! of one step, as if it were a transaction:
//!
//! - `poll`: `[["poll"]]`, and done `[["poll", {"k": [[offset, message], ..], ..}]]`;
//! - `send`: `[["send", "k", message]]`, and done `[["send", "k", [offset, message]]]`;
//! - `assign`: the keys to follow, from the beginning if the entry says `seek-to-beginning?`. Where it says `unseen`, the
//!   keys are those with messages that nobody polled so far;
//! - `crash`: the client is given up and a new one takes its place.

mod final_polls;
mod offsets;
mod session;
mod traffic;

use super::{Connection, Workload};
use crate::{
    options::Options,
    workload::{client::Client, generator::Generator},
};
use final_polls::FinalPolls;
use glomers_checkers::{checker::kafka::KafkaChecker, verdict::Checker};
use offsets::Offsets;
use session::Session;
use std::{cell::RefCell, rc::Rc};
use traffic::Traffic;

/// The kafka workload.
#[derive(Debug, Default)]
pub struct KafkaWorkload {
    /// The highest offset that was sent or polled under each key: as far as the final polls have to come.
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

    fn last_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
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
