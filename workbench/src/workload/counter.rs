//! Counters: in the end every node reads the sum of all that was added (Maelstrom: `workload/pn_counter.clj`,
//! `workload/g_counter.clj`). A grow-only counter has the same messages and no subtractions.

use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation, OncePerThread, each},
        interface::{Connection, Workload, stateless},
    },
};
use glomers_checkers::{checker::counter::CounterChecker, verdict::Checker};
use glomers_protocol::{
    Json,
    pn_counter::{Add, Read},
};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

/// The workloads g-counter and pn-counter.
#[derive(Debug)]
pub struct CounterWorkload {
    /// True for a counter that never decreases.
    pub grows_only: bool,
}

impl Workload for CounterWorkload {
    fn name(&self) -> &'static str {
        if self.grows_only { "g-counter" } else { "pn-counter" }
    }

    fn operations(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    /// Maelstrom draws subtractions for a grow-only counter as well and drops them, so reads are twice as frequent as
    /// additions.
    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        let grows_only = self.grows_only;
        Box::new(each(move |rng| {
            loop {
                let invocation = operation(rng);
                if !grows_only || !invocation.value.as_str().starts_with('-') {
                    return invocation;
                }
            }
        }))
    }

    /// The reads that are judged.
    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(Box::new(OncePerThread::new(Invocation::bare("read").as_final())))
    }

    /// Any error, even a definite one, leaves an operation's outcome open, as in Maelstrom.
    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            let delta = (invocation.f == "add").then(|| invocation.value.decode());
            let result = match delta {
                Some(Ok(delta)) => client.call(&Add { delta }).await.map(|_| invocation.value),
                _ => client.call(&Read {}).await.map(|response| Json::from(response.value)),
            };
            result.map_or_else(|error| Outcome::unknown(&error), Outcome::Ok)
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(CounterChecker { grows_only: self.grows_only })
    }
}

/// A read, or the addition of something from -5 to 4.
fn operation(rng: &mut Pcg64Mcg) -> Invocation {
    if rng.random() { Invocation::bare("read") } else { Invocation::new("add", rng.random_range(-5..5_i64)) }
}
