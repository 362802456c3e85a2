//! Echo: every answer is the value that was sent (Maelstrom: `workload/echo.clj`).

use crate::{
    expectations::Expectations,
    history::History,
    verdict::{Checker, Verdict},
};
use glomers_json::Json;
use serde::Deserialize;

/// The checker of `echo`.
#[derive(Debug)]
pub struct EchoChecker;

/// The part of an answer that counts.
#[derive(Deserialize)]
struct Answer {
    echo: Json,
}

impl Checker for EchoChecker {
    /// An operation that ended without an answer counts as wrong, as in Maelstrom.
    fn check(&self, history: &History, _: &Expectations) -> Verdict {
        let operations = history.operations();
        let wrong = operations.iter().filter_map(|operation| {
            let sent = &operation.invocation.value;
            let received = operation.completion.map_or_else(Json::null, |completion| completion.value.clone());
            let echo = received.decode::<Answer>().map_or_else(|_| Json::null(), |answer| answer.echo);
            (echo != *sent).then_some(("Expected a message with :echo", sent, "But received", received))
        });
        let errors: Vec<_> = wrong.collect();
        Verdict::from_errors(&errors)
    }
}
