//! A client of the system under test. It is a node as well, one that serves nobody: the same core sends its requests,
//! decodes the responses against the schema and lets it wait in virtual time (Maelstrom: `client.clj`).

use glomers_protocol::{Call, CallError, Context, Handler, Json, Message, NodeId, Rejected, Request, support};
use std::{rc::Rc, time::Duration};

/// What became of an operation.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It happened; the value is its result, or its argument again.
    Ok(Json),
    /// It did not happen, for this reason.
    Fail(Json),
    /// Nobody knows, for this reason.
    Info(Json),
}

/// A client, tied to one node.
#[derive(Clone)]
pub struct Client {
    cx: Context,
    node: NodeId,
}

/// How long a client waits for an answer (Maelstrom: `client.clj`, `default-timeout`).
pub const TIMEOUT: Duration = Duration::from_secs(5);

impl Client {
    pub(crate) fn new(cx: Context, node: NodeId) -> Self {
        Self { cx, node }
    }

    /// Asks the client's node and waits up to [`TIMEOUT`].
    ///
    /// # Errors
    ///
    /// No answer, an error, or an answer that breaks the schema.
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, CallError> {
        self.call_within(request, TIMEOUT).await
    }

    /// The call of [`Self::call`]: its request is sent at once, also if nobody awaits it.
    pub(crate) fn ask<R: Request>(&self, request: &R) -> Call<R> {
        self.cx.call(&self.node, request).from_anybody().timeout(TIMEOUT)
    }

    /// As [`Self::call`], with another timeout.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn call_within<R: Request>(&self, request: &R, timeout: Duration) -> Result<R::Response, CallError> {
        // Maelstrom's clients look at the number of the request only.
        self.cx.call(&self.node, request).from_anybody().timeout(timeout).await
    }
}

impl Outcome {
    /// The outcome of an operation that failed. If the operation changes nothing (`is_read`), one that may have happened
    /// counts as one that did not (Maelstrom: `client.clj`, `with-errors`).
    pub fn failed(error: &CallError, is_read: bool) -> Self {
        let (definite, reason) = match error {
            CallError::Timeout { .. } => (false, Json::from("net-timeout")),
            CallError::Rpc(error) => (error.code.is_definite(), Json::new(&(error.code.name(), &error.text))),
            other => return Self::unknown(other),
        };
        if definite || is_read { Self::Fail(reason) } else { Self::Info(reason) }
    }

    /// The outcome of an operation that ended in an exception: an answer outside the protocol, or any failure of a client
    /// that does not tell failures apart.
    pub fn unknown(error: &CallError) -> Self {
        Self::Info(Json::from(format!("indeterminate: {error}")))
    }
}

/// The handler of a client: nobody asks it anything.
pub(crate) struct Nobody;

impl Handler for Nobody {
    fn init(_: &Context) -> Self {
        Self
    }

    fn start(self: &Rc<Self>, _: &Context) {}

    fn dispatch(self: &Rc<Self>, cx: &Context, message: &Message<'_>) -> Result<(), Rejected> {
        support::refuse(cx, message, &[])
    }
}
