//! Unique ids: no id may be given twice (Maelstrom: `workload/unique_ids.clj`).

use super::{Invocation, Verdict, Workload};
use crate::{
    checker::unique_ids,
    client::{Client, Outcome},
    history::History,
};
use futures::future::LocalBoxFuture;
use glomers_protocol::{Any, unique_ids::Generate};
use rand_pcg::Pcg64Mcg;

/// The unique-ids workload.
#[derive(Debug)]
pub struct UniqueIdsWorkload;

impl Workload for UniqueIdsWorkload {
    fn name(&self) -> &'static str {
        "unique-ids"
    }

    fn generate(&mut self, _: &mut Pcg64Mcg) -> Invocation {
        Invocation { f: "generate", value: Any::null() }
    }

    fn invoke(&self, client: Client, _: Invocation) -> LocalBoxFuture<'static, Outcome> {
        Box::pin(async move {
            match client.call(&Generate {}).await {
                Ok(response) => Outcome::Ok(response.id),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn check(&self, history: &History) -> Verdict {
        unique_ids::check(history).into()
    }
}
