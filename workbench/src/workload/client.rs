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
use answer::{Form, Refusal};
use endpoint::{Asked, Ended, Sent};
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
        self.response::<R>(self.endpoint.ask(&self.node, request, timeout), timeout)
    }

    /// As [`Self::call`], with the text of an `R`. So a large request to many nodes is written once.
    pub(crate) fn call_written<'a, R: Request>(
        &'a self,
        fields: &[u8],
    ) -> impl Future<Output = Result<R::Response, ClientError>> + use<'a, R> {
        self.response::<R>(self.endpoint.ask_written(&self.node, Form::of::<R>(), fields, TIMEOUT), TIMEOUT)
    }

    /// The response to an `R`. As Maelstrom's clients do, it looks at the number of the request only: a node may have passed the
    /// request on.
    async fn response<R: Request>(&self, asked: Asked, timeout: Duration) -> Result<R::Response, ClientError> {
        let (line, request) = self.answered(asked.await, R::TYPE, timeout)?;
        answer::read::<R>(&line).map_err(|refusal| self.refuse(refusal, &line, &request, R::TYPE))
    }

    /// Tells the node its id.
    ///
    /// # Errors
    ///
    /// The same as for [`Self::call`].
    pub(crate) async fn init(&self, init: Init, timeout: Duration) -> Result<Ready, ClientError> {
        let asked = self.endpoint.ask(&self.node, &init, timeout);
        drop(init);
        let (line, request) = self.answered(asked.await, Init::TYPE, timeout)?;
        answer::read::<Init>(&line).map_err(|refusal| self.refuse(refusal, &line, &request, Init::TYPE))?;
        Ok(Ready { is_elsewhere: answer::says_elsewhere(&line) })
    }

    /// The line that answers a request, and the request.
    fn answered(
        &self,
        ended: Ended,
        request: &'static str,
        timeout: Duration,
    ) -> Result<(Box<str>, Sent), ClientError> {
        match ended {
            Ended::Answered { line, request } => Ok((line, request)),
            Ended::TimedOut { unmatched } => {
                Err(ClientError::Timeout { node: self.node.clone(), request, timeout, unmatched })
            }
        }
    }

    /// The error of an answer that is no response. A malformed one is a violation, too.
    fn refuse(&self, refusal: Refusal, line: &str, sent: &Sent, request: &'static str) -> ClientError {
        let misfit = match refusal {
            Refusal::Error(error) => return ClientError::Error(error),
            Refusal::Misfit(misfit) => misfit,
        };
        let (node, reason) = (&self.node, misfit.to_string());
        let told = format!("{node} gave a malformed answer to `{request}`: {reason}");
        let violation = Violation::new(ViolationKind::MalformedAnswer, node, line, told);
        let subject = format!("{request} {}", misfit.field()).trim_end().to_owned();
        self.endpoint.violate(subject, violation.answering(sent.line()).expecting(sent.expected()));
        ClientError::Malformed { request, reason }
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
