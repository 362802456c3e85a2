//! Counter: in the end every node reads the sum of all that was added (Maelstrom: `workload/pn_counter.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation, OncePerThread, each},
    },
};
use glomers_checkers::{checker::counter::CounterChecker, verdict::Checker};
use glomers_protocol::{
    Json,
    pn_counter::{Add, Read},
};
use rand::RngExt;

/// The pn-counter workload.
#[derive(Debug)]
pub struct PnCounterWorkload;

impl Workload for PnCounterWorkload {
    fn name(&self) -> &'static str {
        "pn-counter"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(each(operation))
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(final_reads())
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        connect(client)
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(CounterChecker { grows_only: false })
    }
}

/// A read, or the addition of something from -5 to 4.
pub(super) fn operation(rng: &mut rand_pcg::Pcg64Mcg) -> Invocation {
    if rng.random() { Invocation::bare("read") } else { Invocation::new("add", rng.random_range(-5..5_i64)) }
}

/// The reads that are judged.
pub(super) fn final_reads() -> Box<dyn Generator> {
    Box::new(OncePerThread::new(Invocation::bare("read").as_final()))
}

/// Any error, even a definite one, leaves an operation's outcome open: the client there has no other way.
pub(super) fn connect(client: Client) -> Connection {
    stateless(client, |client, invocation| async move {
        let result = match invocation.value.decode() {
            Ok(delta) if invocation.f == "add" => client.call(&Add { delta }).await.map(|_| invocation.value),
            _ => client.call(&Read {}).await.map(|response| Json::from(response.value)),
        };
        result.map_or_else(|error| Outcome::unknown(&error), Outcome::Ok)
    })
}
