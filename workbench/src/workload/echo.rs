//! Echo: what is sent must come back (Maelstrom: `workload/echo.clj`).

use crate::workload::interface::{Connection, Workload, stateless};
use crate::{
    options::Options,
    workload::{
        client::{Client, Outcome},
        generator::{Generator, Invocation, each},
    },
};
use glomers_checkers::{checker::echo::EchoChecker, verdict::Checker};
use glomers_protocol::{
    Json, Payload,
    echo::{Echo, EchoOk},
};
use rand::RngExt;
use serde::Serialize;

/// The echo workload.
#[derive(Debug)]
pub struct EchoWorkload;

/// The result of an operation.
#[derive(Serialize)]
struct Echoed {
    echo: Json,
    #[serde(rename = "type")]
    wire_type: &'static str,
}

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
                Ok(response) => Outcome::Ok(Json::new(&Echoed { echo: response.echo, wire_type: EchoOk::TYPE })),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(EchoChecker)
    }
}
