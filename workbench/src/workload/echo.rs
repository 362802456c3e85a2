//! Echo: what is sent must come back (Maelstrom: `workload/echo.clj`).

use super::{Connection, Verdict, Workload, stateless};
use crate::{
    client::{Client, Outcome},
    generator::{Generator, Invocation, each},
    history::History,
    options::Options,
};
use glomers_protocol::{
    Json, Payload,
    echo::{Echo, EchoOk},
};
use rand::RngExt;
use std::collections::BTreeMap;

/// The echo workload.
#[derive(Debug)]
pub struct EchoWorkload;

impl Workload for EchoWorkload {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["echo"]
    }

    fn generator(&self, _: &Options) -> Box<dyn Generator> {
        Box::new(each(|rng| Invocation::new("echo", format!("Please echo {}", rng.random_range(0..128)))))
    }

    /// The result is the response's body, as there; the `in_reply_to` that goes with it is left out.
    fn connect(&self, client: Client, _: &Options) -> Connection {
        stateless(client, |client, invocation| async move {
            match client.call(&Echo { echo: invocation.value }).await {
                Ok(response) => Outcome::Ok(Json::new(&BTreeMap::from([
                    ("echo", response.echo),
                    ("type", Json::from(EchoOk::TYPE)),
                ]))),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    /// Every answer is what was sent. An operation that ended without an answer counts as wrong, as it does there.
    fn check(&self, history: &History, _: &Options) -> Verdict {
        let operations = history.operations();
        let wrong = operations.iter().filter_map(|operation| {
            let sent = &operation.invocation.value;
            let received = operation.completion.map_or_else(Json::null, |completion| completion.value.clone());
            let echo = received.decode::<Echo>().map_or_else(|_| Json::null(), |response| response.echo);
            (echo != *sent).then_some(("Expected a message with :echo", sent, "But received", received))
        });
        let errors: Vec<_> = wrong.collect();
        Verdict::from_errors(&errors)
    }
}
