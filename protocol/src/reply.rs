//! The results of handler functions: a reply, or a future of one; and the types that a function may return.

use crate::generated::errors::RpcError;
use futures_util::FutureExt;
use std::{fmt, future::Future, pin::Pin};

/// A future reply.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = Result<T, RpcError>>>>;

/// A handler's reply to a request: a result, or a future of one.
///
/// A function that is not `async` may return it. If it nearly always has its response at once, this costs less than a future.
///
/// ```
/// use glomers_protocol::{Context, Reply, handler, echo::{Echo, EchoOk}};
/// use std::time::Duration;
///
/// #[derive(Default)]
/// struct Parrot;
///
/// #[handler(echo)]
/// impl Parrot {
///     fn echo(&self, cx: &Context, request: Echo) -> Reply<EchoOk> {
///         let response = EchoOk { echo: request.echo };
///         if response.echo.as_str().len() < 100 {
///             return Reply::of(response);
///         }
///         let pause = cx.sleep(Duration::from_millis(1));
///         Reply::later(async move {
///             pause.await;
///             response
///         })
///     }
/// }
/// ```
pub enum Reply<T> {
    /// Known now, and written at once.
    Ready(Result<T, RpcError>),
    /// Known when the future ends. The node polls it in place first; it becomes a task only if it waits.
    Later(Pin<Box<dyn Future<Output = Result<T, RpcError>>>>),
}

impl<T> Reply<T> {
    /// Makes a reply of a handler's result.
    pub fn of(handled: impl IntoReply<T>) -> Self {
        handled.into_reply()
    }

    /// Makes a reply of a future handler's result.
    pub fn later<H: IntoResult<T> + 'static>(future: impl Future<Output = H> + 'static) -> Self
    where
        T: 'static,
    {
        // An `async` block would have room for the future twice, and move it.
        Self::Later(Box::pin(future.map(IntoResult::into_result)))
    }
}

impl<T: fmt::Debug> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(reply) => f.debug_tuple("Ready").field(reply).finish(),
            Self::Later(_) => f.debug_tuple("Later").finish_non_exhaustive(),
        }
    }
}

/// A type that a handler function may return for a response `T`: the response, a `Result` of it, or a [`Reply`].
#[diagnostic::on_unimplemented(
    message = "this handler must answer with `{T}`, not with `{Self}`",
    label = "write `{T}`, a `Result` of it, or a `Reply` of it",
    note = "the schema pairs each request with its response; the request is the type of the handler's parameter"
)]
pub trait IntoReply<T> {
    /// The reply to send.
    fn into_reply(self) -> Reply<T>;
}

impl<T> IntoReply<T> for Reply<T> {
    fn into_reply(self) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoReply<T> for T {
    fn into_reply(self) -> Reply<T> {
        Reply::Ready(Ok(self))
    }
}

impl<T, E: IntoError> IntoReply<T> for Result<T, E> {
    fn into_reply(self) -> Reply<T> {
        Reply::Ready(self.into_result())
    }
}

/// A type that an `async` handler function may return for a response `T`: the response, or a `Result` of it.
#[diagnostic::on_unimplemented(
    message = "this handler must answer with `{T}`, not with `{Self}`",
    label = "write `{T}`, or a `Result` of it",
    note = "the schema pairs each request with its response; the request is the type of the handler's parameter",
    note = "a function that is not `async` may also return a `Reply`"
)]
pub trait IntoResult<T> {
    /// The response or the error to send.
    ///
    /// # Errors
    ///
    /// The error that the handler returned.
    fn into_result(self) -> Result<T, RpcError>;
}

#[diagnostic::do_not_recommend]
impl<T> IntoResult<T> for T {
    fn into_result(self) -> Result<T, RpcError> {
        Ok(self)
    }
}

impl<T, E: IntoError> IntoResult<T> for Result<T, E> {
    fn into_result(self) -> Result<T, RpcError> {
        self.map_err(IntoError::into_error)
    }
}

/// An error that a handler may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent to a client as an error",
    label = "write `RpcError` here, or implement `From<{Self}> for RpcError`",
    note = "`RpcError::new(ErrorCode::.., text)` makes one; a `CallError` becomes one by `?`"
)]
pub trait IntoError {
    /// The error on the wire.
    fn into_error(self) -> RpcError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<RpcError>> IntoError for E {
    fn into_error(self) -> RpcError {
        self.into()
    }
}

/// A type that a function without a reply may return: `#[message]` and `#[every]`.
#[diagnostic::on_unimplemented(
    message = "the result of this function is sent to nobody",
    label = "return nothing, or a `Result<(), _>`",
    note = "a function that answers another node is `#[rpc]`"
)]
pub trait Unawaited: IntoResult<()> {}

#[diagnostic::do_not_recommend]
impl<T: IntoResult<()>> Unawaited for T {}

/// The outcome of a function without a reply.
pub fn unawaited(outcome: impl Unawaited) -> Result<(), RpcError> {
    outcome.into_result()
}

/// Logs the failure of a function without a reply.
pub(crate) fn report(name: &str, result: Result<(), RpcError>) {
    if let Err(error) = result {
        tracing::warn!("`{name}` failed: {error}");
    }
}
