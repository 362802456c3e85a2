//! Requests that await their answer. An answer counts only if it comes from the node that was asked; a call that is
//! dropped or timed out leaves nothing behind, so a late answer finds nobody and is passed over.

use crate::{CallError, Context, Message, NodeId, Payload, Request, RpcError, context::Sleep};
use futures::FutureExt;
use std::{
    cell::Cell,
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{self, Poll, Waker},
    time::Duration,
};

#[derive(Default)]
pub(crate) struct Calls {
    pending: BTreeMap<i64, Pending>,
}

struct Pending {
    /// Whose answer counts; `None`: anybody's.
    dest: Option<NodeId>,
    complete: Complete,
}

/// Gives a call its answer; without one, the end of all answers.
pub(crate) type Complete = Box<dyn FnOnce(Option<&Message<'_>>)>;

impl Calls {
    /// Who waits for this answer, if anyone does.
    pub(crate) fn take(&mut self, answer: &Message<'_>, in_reply_to: i64) -> Option<Complete> {
        let pending = self.pending.get(&in_reply_to)?;
        if pending.dest.as_ref().is_some_and(|dest| dest != answer.src()) {
            return None;
        }
        self.pending.remove(&in_reply_to).map(|pending| pending.complete)
    }

    /// Everyone who waits.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Complete> + use<> {
        std::mem::take(&mut self.pending).into_values().map(|pending| pending.complete)
    }
}

/// A request on its way; awaits the response.
///
/// The request has been sent when the call is made. Dropping the call forgets it.
#[must_use = "a call's answer comes only to those who await it; use `send` for messages without an answer"]
pub struct Call<R: Request> {
    cx: Context,
    msg_id: i64,
    dest: NodeId,
    timeout: Duration,
    answer: Rc<Answer<Result<R::Response, CallError>>>,
    sleep: Sleep,
}

/// Where an answer is put, and who waits for it: a channel for one value on one thread.
struct Answer<T> {
    value: Cell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

impl<R: Request> Call<R> {
    pub(crate) fn new(cx: &Context, dest: &str, msg_id: i64, timeout: Duration) -> Self {
        let answer = Rc::new(Answer { value: Cell::new(None), waker: Cell::new(None) });
        let complete: Complete = Box::new({
            let answer = Rc::clone(&answer);
            move |message| {
                answer.value.set(Some(message.map_or(Err(CallError::Closed), decode::<R>)));
                if let Some(waker) = answer.waker.take() {
                    waker.wake();
                }
            }
        });
        let dest = NodeId::from(dest);
        cx.calls().pending.insert(msg_id, Pending { dest: Some(dest.clone()), complete });
        Self { cx: cx.clone(), msg_id, dest, timeout, answer, sleep: cx.sleep(timeout) }
    }

    /// Waits this long, from now, instead of [`Context::TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.sleep = self.cx.sleep(timeout);
        self
    }

    /// Takes the answer of whoever sends it first, not only of the node that was asked: that one may have passed the
    /// request on.
    pub fn from_anybody(self) -> Self {
        if let Some(pending) = self.cx.calls().pending.get_mut(&self.msg_id) {
            pending.dest = None;
        }
        self
    }
}

/// The answer to an `R`: its response, or the error in its place.
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
        if let Some(answer) = self.answer.value.take() {
            return Poll::Ready(answer);
        }
        self.answer.waker.set(Some(cx.waker().clone()));
        self.sleep
            .poll_unpin(cx)
            .map(|()| Err(CallError::Timeout { dest: self.dest.clone(), request: R::TYPE, timeout: self.timeout }))
    }
}

impl<R: Request> Drop for Call<R> {
    fn drop(&mut self) {
        self.cx.calls().pending.remove(&self.msg_id);
    }
}
