//! What clients do to a system and what they may expect of it. One file a workload, named as on the wire; each holds
//! its operations, their generator and its checker.

pub mod broadcast;
pub mod echo;
pub mod unique_ids;

use crate::{
    client::{Client, Outcome},
    history::History,
    options::Options,
    validity::Validity,
};
use futures::future::{LocalBoxFuture, ready};
use glomers_protocol::{Any, CallError};
use rand_pcg::Pcg64Mcg;

/// An operation that a client is to do.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Which operation.
    pub f: &'static str,
    /// Its argument; `null` if it has none.
    pub value: Any,
}

/// A checker's verdict with its reasons.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Verdict {
    /// The verdict.
    #[serde(rename = "valid?")]
    pub valid: Validity,
    /// The checker's findings, with Maelstrom's key names.
    #[serde(flatten)]
    pub findings: serde_json::Value,
}

/// A workload.
pub trait Workload {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What is said to each node before the first operation.
    ///
    /// # Errors
    ///
    /// The node did not answer as it should, so the test cannot begin.
    fn setup(&self, client: Client, options: &Options) -> LocalBoxFuture<'static, Result<(), CallError>> {
        let _ = (client, options);
        Box::pin(ready(Ok(())))
    }

    /// The next operation.
    fn generate(&mut self, rng: &mut Pcg64Mcg) -> Invocation;

    /// The operation that every client does at the very end, after the network has healed.
    fn last(&self) -> Option<Invocation> {
        None
    }

    /// Does an operation.
    fn invoke(&self, client: Client, invocation: Invocation) -> LocalBoxFuture<'static, Outcome>;

    /// Whether a client goes on after an operation whose outcome is unknown.
    fn is_reusable(&self) -> bool {
        false
    }

    /// Judges a history.
    fn check(&self, history: &History) -> Verdict;
}

/// Every built-in workload, by the name on the command line.
pub const WORKLOADS: &[(&str, fn() -> Box<dyn Workload>)] = &[
    ("broadcast", || Box::new(broadcast::BroadcastWorkload::default())),
    ("echo", || Box::new(echo::EchoWorkload)),
    ("unique-ids", || Box::new(unique_ids::UniqueIdsWorkload)),
];

/// There is no built-in workload of that name.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("there is no workload `{name}`; known: {known}")]
pub struct UnknownWorkload {
    name: String,
    known: String,
}

/// The built-in workload of that name.
///
/// # Errors
///
/// There is none.
pub fn workload(name: &str) -> Result<Box<dyn Workload>, UnknownWorkload> {
    let found = WORKLOADS.iter().find(|(known, _)| *known == name);
    found.map(|(_, make)| make()).ok_or_else(|| UnknownWorkload {
        name: name.to_owned(),
        known: WORKLOADS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}
