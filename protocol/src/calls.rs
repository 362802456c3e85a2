//! Requests that await their reply. A call that is dropped or times out leaves nothing behind.

use crate::{
    context::Context,
    error::CallError,
    generated::errors::RpcError,
    message::{Message, Payload, Request},
    node_id::NodeId,
    pending_calls::Complete,
    sleep::Sleep,
};
use futures_util::FutureExt;
use std::{
    cell::Cell,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{self, Poll, Waker},
    time::Duration,
};

/// Requests.
impl Context {
    /// The time that a [`call`](Self::call) waits for its reply unless told otherwise: 1 second.
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// Sends a request at once and returns a future for the response.
    ///
    /// # Panics
    ///
    /// If the payload does not encode as a JSON object.
    pub fn call<R: Request>(&self, dest: impl AsRef<str>, request: &R) -> Call<R> {
        let dest = dest.as_ref();
        let msg_id = self.send_request(dest, request);
        Call::new(self, dest, msg_id, Self::TIMEOUT)
    }
}

/// A request that has been sent, as a future of its response; made by [`Context::call`].
///
/// Dropping the call ignores the reply.
#[must_use = "a call does nothing with its reply unless awaited; use `send` for messages without a reply"]
pub struct Call<R: Request> {
    cx: Context,
    msg_id: i64,
    dest: NodeId,
    timeout: Duration,
    slot: Rc<Slot<R>>,
    sleep: Sleep,
}

/// A channel for the end of one call on one thread: the response or error, and the task to wake when it comes.
struct Slot<R: Request> {
    value: Cell<Option<Result<R::Response, CallError>>>,
    waker: Cell<Option<Waker>>,
}

impl<R: Request> Complete for Slot<R> {
    fn complete(&self, reply: Option<&Message<'_>>) {
        self.value.set(Some(reply.map_or(Err(CallError::Closed), decode::<R>)));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<R: Request> Call<R> {
    fn new(cx: &Context, dest: &str, msg_id: i64, timeout: Duration) -> Self {
        let slot = Rc::new(Slot { value: Cell::new(None), waker: Cell::new(None) });
        let (dest, call) = (NodeId::from(dest), Rc::clone(&slot));
        cx.pending_calls().push(msg_id, dest.clone(), call);
        Self { cx: cx.clone(), msg_id, dest, timeout, slot, sleep: cx.sleep(timeout) }
    }

    /// Sets the time to wait, counted from now, in place of [`Context::TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.sleep = self.cx.sleep(timeout);
        self
    }

    /// Accepts the first reply from any sender, for requests that the receiver may forward.
    pub fn from_anybody(self) -> Self {
        self.cx.pending_calls().accept_any_sender(self.msg_id);
        self
    }
}

/// Decodes the reply to an `R`: its response, or an error.
fn decode<R: Request>(message: &Message<'_>) -> Result<R::Response, CallError> {
    let wire_type = message.wire_type();
    if wire_type == R::Response::TYPE {
        Ok(message.payload()?)
    } else if wire_type == RpcError::TYPE {
        Err(message.payload::<RpcError>()?.into())
    } else {
        Err(message.unknown_type(&[R::Response::TYPE, RpcError::TYPE]).into())
    }
}

impl<R: Request> Future for Call<R> {
    type Output = Result<R::Response, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        if let Some(reply) = self.slot.value.take() {
            return Poll::Ready(reply);
        }
        self.slot.waker.set(Some(cx.waker().clone()));
        self.sleep
            .poll_unpin(cx)
            .map(|()| Err(CallError::Timeout { dest: self.dest.clone(), request: R::TYPE, timeout: self.timeout }))
    }
}

impl<R: Request> Drop for Call<R> {
    fn drop(&mut self) {
        self.cx.pending_calls().forget(self.msg_id);
    }
}

impl<R: Request> fmt::Debug for Call<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("request", &R::TYPE)
            .field("dest", &self.dest)
            .field("msg_id", &self.msg_id)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
