//! Grow-only counter: the [`pn_counter`](super::pn_counter) without subtractions, on the wire too (Maelstrom:
//! `workload/g_counter.clj`).

use crate::workload::{
    interface::{Connection, Workload},
    pn_counter::{connect, final_reads, operation},
};
use crate::{
    options::Options,
    workload::{
        client::Client,
        generator::{Generator, each},
    },
};
use glomers_checkers::{checker::counter::CounterChecker, verdict::Checker};

/// The g-counter workload.
#[derive(Debug)]
pub struct GCounterWorkload;

impl Workload for GCounterWorkload {
    fn name(&self) -> &'static str {
        "g-counter"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["add", "read"]
    }

    /// Subtractions are drawn and dropped, as there, so reads are twice as frequent as additions.
    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(each(|rng| {
            loop {
                let invocation = operation(rng);
                if !invocation.value.as_str().starts_with('-') {
                    return invocation;
                }
            }
        }))
    }

    fn final_generator(&self, _: &Options) -> Option<Box<dyn Generator>> {
        Some(final_reads())
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        connect(client)
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(CounterChecker { grows_only: true })
    }
}
