//! Logs: what is sent under a key gets an offset, and polls see it there (Maelstrom: `workload/kafka.clj`; jepsen:
//! `tests/kafka.clj`).

use super::{Connection, Verdict, Workload, stateless};
use crate::{
    client::{Client, Outcome},
    generator::{Each, Generator, Invocation},
    history::History,
    options::Options,
    validity::Validity,
};
use glomers_protocol::Any;
use serde_json::json;

/// The kafka workload.
#[derive(Debug)]
pub struct KafkaWorkload;

impl Workload for KafkaWorkload {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(Each(|_: &mut rand_pcg::Pcg64Mcg| Invocation::bare("crash")))
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |_, _| async move { Outcome::Info(Any::null()) })
    }

    fn check(&self, _: &History, _: &Options) -> Verdict {
        Verdict { valid: Validity::Unknown, findings: json!({"error": "there is no checker for kafka yet"}) }
    }
}
