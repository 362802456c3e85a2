//! Broadcast: what any node is told, every node must come to know (Maelstrom: `workload/broadcast.clj`).

use super::{Invocation, Verdict, Workload};
use crate::{
    checker::set_full,
    client::{Client, Outcome},
    history::History,
    options::Options,
    topology,
};
use futures::future::LocalBoxFuture;
use glomers_protocol::{
    Any, CallError,
    broadcast::{Broadcast, Read, Topology},
};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

/// The broadcast workload.
#[derive(Debug, Default)]
pub struct BroadcastWorkload {
    /// The next value to broadcast.
    next: u64,
}

impl Workload for BroadcastWorkload {
    fn name(&self) -> &'static str {
        "broadcast"
    }

    fn setup(&self, client: Client, options: &Options) -> LocalBoxFuture<'static, Result<(), CallError>> {
        let topology = Topology { topology: topology::neighbours(options.topology, &options.nodes) };
        Box::pin(async move { client.call(&topology).await.map(|_| ()) })
    }

    fn generate(&mut self, rng: &mut Pcg64Mcg) -> Invocation {
        if rng.random() {
            return Invocation { f: "read", value: Any::null() };
        }
        self.next += 1;
        Invocation { f: "broadcast", value: Any::from(self.next - 1) }
    }

    fn last(&self) -> Option<Invocation> {
        Some(Invocation { f: "read", value: Any::null() })
    }

    fn invoke(&self, client: Client, invocation: Invocation) -> LocalBoxFuture<'static, Outcome> {
        Box::pin(async move {
            if invocation.f == "read" {
                return match client.call(&Read {}).await {
                    Ok(response) => Outcome::Ok(Any::new(&response.messages)),
                    Err(error) => Outcome::failed(&error, true),
                };
            }
            match client.call(&Broadcast { message: invocation.value.clone() }).await {
                Ok(_) => Outcome::Ok(invocation.value),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn check(&self, history: &History) -> Verdict {
        set_full::check(history, "broadcast").into()
    }
}
