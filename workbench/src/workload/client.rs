//! A client of the system under test (Maelstrom: `client.clj`). It sends typed requests, waits in virtual or real time,
//! and holds each answer to its schema as Maelstrom's clients do.

mod answer;
mod endpoint;
mod error;
mod lenient;

pub(crate) use endpoint::Endpoint;
pub use error::{ClientError, ErrorAnswer};
pub(crate) use error::{MALFORMED, UNMATCHED};

use crate::engine::violation::{Violation, ViolationKind};
use answer::Answer;
use endpoint::{Ended, Sent};
use glomers_protocol::{Json, NodeId, Payload, Request, init::Init};
use std::time::Duration;

/// The outcome of an operation.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It happened; the value is its result, or its argument again.
    Ok(Json),
    /// It did not happen, for this reason.
    Fail(Json),
    /// Nobody knows whether it happened, for this reason.
    Info(Json),
}

/// An answer to `init`.
pub(crate) struct Ready {
    /// True if the program stands in for a node that runs elsewhere: faults of this program's own do not reach it.
    pub(crate) is_elsewhere: bool,
}

/// A client, tied to one node.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: Endpoint,
    node: NodeId,
}

/// The time that a client waits for an answer (Maelstrom: `client.clj`, `default-timeout`).
pub const TIMEOUT: Duration = Duration::from_secs(5);

impl Client {
    pub(crate) fn new(endpoint: Endpoint, node: NodeId) -> Self {
        Self { endpoint, node }
    }

    /// Asks the client's node. The future waits up to [`TIMEOUT`] for the answer, and needs the request no longer.
    ///
    /// # Errors
    ///
    /// If there is no answer, or it is an error, or it does not have the form that the schema names.
    pub fn call<'a, R: Request>(
        &'a self,
        request: &R,
    ) -> impl Future<Output = Result<R::Response, ClientError>> + use<'a, R> {
        self.call_within(request, TIMEOUT)
    }

    /// As [`Self::call`], with another timeout.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn call_within<'a, R: Request>(
        &'a self,
        request: &R,
        timeout: Duration,
    ) -> impl Future<Output = Result<R::Response, ClientError>> + use<'a, R> {
        let asked = self.endpoint.ask(&self.node, request, timeout);
        // As Maelstrom's clients do, it looks at the number of the request only: a node may have passed the request on.
        async move {
            match asked.await {
                Ended::TimedOut { unmatched } => {
                    Err(ClientError::Timeout { node: self.node.clone(), request: R::TYPE, timeout, unmatched })
                }
                Ended::Answered { line, request } => self.read::<R>(&line, &request),
            }
        }
    }

    /// Tells the node its id.
    ///
    /// # Errors
    ///
    /// The same as for [`Self::call`].
    pub(crate) async fn init(&self, init: Init, timeout: Duration) -> Result<Ready, ClientError> {
        let asked = self.endpoint.ask(&self.node, &init, timeout);
        drop(init);
        match asked.await {
            Ended::TimedOut { unmatched } => {
                Err(ClientError::Timeout { node: self.node.clone(), request: Init::TYPE, timeout, unmatched })
            }
            Ended::Answered { line, request } => {
                self.read::<Init>(&line, &request)?;
                Ok(Ready { is_elsewhere: answer::says_elsewhere(&line) })
            }
        }
    }

    fn read<R: Request>(&self, line: &str, request: &Sent) -> Result<R::Response, ClientError> {
        let misfit = match answer::read::<R>(line) {
            Ok(Answer::Response(response)) => return Ok(response),
            Ok(Answer::Error(error)) => return Err(ClientError::Error(error)),
            Err(misfit) => misfit,
        };
        let (node, reason) = (&self.node, misfit.to_string());
        let told = format!("{node} gave a malformed answer to `{}`: {reason}", R::TYPE);
        let violation = Violation::new(ViolationKind::MalformedAnswer, node, line, told);
        let subject = format!("{} {}", R::TYPE, misfit.field()).trim_end().to_owned();
        self.endpoint.violate(subject, violation.answering(request.line()).expecting(request.expected()));
        Err(ClientError::Malformed { request: R::TYPE, reason })
    }
}

impl Outcome {
    /// The outcome of an operation that failed. If the operation changes nothing (`is_read`), one that may have
    /// happened counts as one that did not (Maelstrom: `client.clj`, `with-errors`).
    pub fn failed(error: &ClientError, is_read: bool) -> Self {
        let (definite, reason) = match error {
            ClientError::Timeout { unmatched: None, .. } => (false, Json::from("net-timeout")),
            ClientError::Timeout { unmatched: Some(why), .. } => (false, Json::new(&("net-timeout", why))),
            ClientError::Error(error) => (error.is_definite, Json::new(&(error.name, &error.text))),
            ClientError::Malformed { .. } => return Self::unknown(error),
        };
        if definite || is_read { Self::Fail(reason) } else { Self::Info(reason) }
    }

    /// The outcome of an operation that ended in an exception: an answer outside the protocol, or any failure of a
    /// client that does not tell failures apart.
    pub fn unknown(error: &ClientError) -> Self {
        Self::Info(Json::from(format!("indeterminate: {error}")))
    }
}
