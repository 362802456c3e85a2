//! Grow-only set: what was added stays, and every node comes to see it (Maelstrom: `workload/g_set.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation, OncePerThread, each},
    },
};
use glomers_checkers::{checker::set_full::SetChecker, verdict::Checker};
use glomers_protocol::{
    Json,
    g_set::{Add, Read},
};
use rand::RngExt;

/// The g-set workload.
#[derive(Debug)]
pub struct GSetWorkload;

impl Workload for GSetWorkload {
    fn name(&self) -> &'static str {
        "g-set"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        adds_and_reads("add")
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(Box::new(OncePerThread::new(Invocation::bare("read"))))
    }

    /// Any error, even a definite one, leaves an operation's outcome open: the client there has no other way.
    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            let result = match invocation.f {
                "add" => client.call(&Add { element: invocation.value.clone() }).await.map(|_| invocation.value),
                _ => client.call(&Read {}).await.map(|response| Json::new(&response.value)),
            };
            result.map_or_else(|error| Outcome::unknown(&error), Outcome::Ok)
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(SetChecker { add: "add" })
    }
}

/// Operations named `add` with 0, 1, 2 ..., mixed evenly with reads.
pub(super) fn adds_and_reads(add: &'static str) -> Box<dyn Generator> {
    let mut next = 0_u64;
    Box::new(each(move |rng| {
        if rng.random() {
            return Invocation::bare("read");
        }
        next += 1;
        Invocation::new(add, next - 1)
    }))
}
