//! Echo: what is sent must come back (Maelstrom: `workload/echo.clj`).

use super::{Invocation, Verdict, Workload};
use crate::{
    client::{Client, Outcome},
    history::History,
    validity::Validity,
};
use futures::future::LocalBoxFuture;
use glomers_protocol::{Any, echo::Echo};
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use serde_json::json;

/// The echo workload.
#[derive(Debug)]
pub struct EchoWorkload;

impl Workload for EchoWorkload {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn generate(&mut self, rng: &mut Pcg64Mcg) -> Invocation {
        Invocation { f: "echo", value: Any::from(format!("Please echo {}", rng.random_range(0..128))) }
    }

    fn invoke(&self, client: Client, invocation: Invocation) -> LocalBoxFuture<'static, Outcome> {
        Box::pin(async move {
            match client.call(&Echo { echo: invocation.value }).await {
                Ok(response) => Outcome::Ok(response.echo),
                Err(error) => Outcome::failed(&error, false),
            }
        })
    }

    /// Every answer is what was sent. An operation that failed has no answer, so it is an error as well, as it is there.
    fn check(&self, history: &History) -> Verdict {
        let operations = history.operations();
        let wrong = operations.iter().filter_map(|operation| {
            let sent = &operation.invocation.value;
            let came = operation.ok().map(|op| &op.value);
            let completed = operation.completion.is_some();
            (completed && came != Some(sent)).then(|| json!({"expected": sent, "received": came}))
        });
        let errors: Vec<_> = wrong.collect();
        Verdict { valid: Validity::from_valid(errors.is_empty()), findings: json!({ "errors": errors }) }
    }
}
