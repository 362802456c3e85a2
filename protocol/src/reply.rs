//! What a handler method gives back: its answer, or the promise of one.

use crate::{RpcError, support::IntoError};
use std::{future::Future, pin::Pin};

/// A future answer.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = Result<T, RpcError>>>>;

/// A handler's answer to a request.
pub enum Reply<T> {
    /// Known at once, and written at once.
    Ready(Result<T, RpcError>),
    /// Known when the future ends. It is polled in place first, and becomes a task only if it really waits.
    Later(Pin<Box<dyn Future<Output = Result<T, RpcError>>>>),
}

impl<T> Reply<T> {
    /// The answer that `handled` is or holds.
    pub fn ready(handled: impl IntoReply<T>) -> Self {
        Self::Ready(handled.into_reply())
    }

    /// The answer that `future` ends with.
    pub fn later<H: IntoReply<T>>(future: impl Future<Output = H> + 'static) -> Self {
        Self::Later(Box::pin(async move { future.await.into_reply() }))
    }
}

/// What a handler function may return for a response `T`: the response, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "this handler must answer with `{T}`, not with `{Self}`",
    label = "write `{T}`, or a `Result` of it",
    note = "the schema pairs each request with its response; the request's type is that of the handler's parameter"
)]
pub trait IntoReply<T> {
    /// The response or the error to send.
    ///
    /// # Errors
    ///
    /// What the handler failed with.
    fn into_reply(self) -> Result<T, RpcError>;
}

#[diagnostic::do_not_recommend]
impl<T> IntoReply<T> for T {
    fn into_reply(self) -> Result<T, RpcError> {
        Ok(self)
    }
}

impl<T, E: IntoError> IntoReply<T> for Result<T, E> {
    fn into_reply(self) -> Result<T, RpcError> {
        self.map_err(IntoError::into_error)
    }
}
