//! Unique ids: no id may be given twice (Maelstrom: `workload/unique_ids.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation, each},
    },
};
use glomers_checkers::{checker::unique_ids::UniqueIdsChecker, verdict::Checker};
use glomers_protocol::unique_ids::Generate;

/// The unique-ids workload.
#[derive(Debug)]
pub struct UniqueIdsWorkload;

impl Workload for UniqueIdsWorkload {
    fn name(&self) -> &'static str {
        "unique-ids"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["generate"]
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(each(|_| Invocation::bare("generate")))
    }

    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, _| async move {
            match client.call(&Generate {}).await {
                Ok(response) => Outcome::Ok(response.id),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(UniqueIdsChecker)
    }
}
