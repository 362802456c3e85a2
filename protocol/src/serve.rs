//! From a decoded envelope to a handler function and back to the outbox: the code behind every arm of a generated
//! `dispatch`, in one copy.

use crate::{
    context::Context,
    error::{Reason, Rejected, excerpt},
    generated::errors::{ErrorCode, RpcError},
    in_flight::Unanswered,
    message::{Message, Payload, Request},
    node_id::NodeId,
    reply::{Later, Reply, report},
};
use futures_util::FutureExt;
use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{self, Poll},
    thread,
};

/// Decodes a request, serves it, and answers it: at once if the reply is ready, otherwise when it is.
pub fn answer<R: Request>(
    cx: &Context,
    message: &Message<'_>,
    serve: impl FnOnce(&NodeId, R) -> Reply<R::Response>,
) -> Result<(), Rejected> {
    let asked = Unanswered::by(message, R::TYPE)?;
    match message.payload::<R>() {
        Ok(request) => {
            let reply = serve(&asked.from, request);
            settle(cx, asked, reply);
        }
        Err(error) => cx.fail(message, asked.msg_id, &error.into()),
    }
    Ok(())
}

// What follows is compiled for each response and not for each handler, and what does not depend on the response only once.

impl Unanswered {
    /// The request in a message.
    fn by(message: &Message<'_>, wire_type: &'static str) -> Result<Self, Rejected> {
        let msg_id = message.msg_id().ok_or_else(|| message.reject(Reason::NoMsgId))?;
        Ok(Self { from: message.sender(), msg_id, wire_type })
    }
}

/// Answers a request with a reply that is ready, or that is polled once here and becomes a task if it waits.
fn settle<T: Payload>(cx: &Context, asked: Unanswered, reply: Reply<T>) {
    let ready = match reply {
        Reply::Ready(reply) => reply,
        Reply::Later(mut future) => match future.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())) {
            Poll::Ready(reply) => reply,
            Poll::Pending => {
                let place = cx.in_flight().begin(asked.clone());
                return cx.spawn_task(Box::pin(Answering { cx: cx.clone(), asked, place, future }));
            }
        },
    };
    cx.answer(&asked.from, asked.msg_id, &ready);
}

/// A task that answers a request when its future ends or panics.
struct Answering<T> {
    cx: Context,
    asked: Unanswered,
    /// Its place among the requests in flight.
    place: usize,
    future: Later<T>,
}

impl<T: Payload> Future for Answering<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<()> {
        let Self { cx, asked, place, future } = &mut *self;
        // Encoding the reply may panic as well.
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let Poll::Ready(reply) = future.as_mut().poll(waker) else { return Poll::Pending };
            cx.answer(&asked.from, asked.msg_id, &reply);
            Poll::Ready(())
        }));
        ended(cx, asked, *place, polled)
    }
}

/// Notes the end of a request, and answers it if its handler has panicked.
fn ended(cx: &Context, asked: &Unanswered, place: usize, polled: thread::Result<Poll<()>>) -> Poll<()> {
    match polled {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(())) => {}
        Err(panic) => cx.respond(asked.from.as_str(), asked.msg_id, &crash(cx, asked.wire_type, &*panic)),
    }
    cx.in_flight().end(place);
    Poll::Ready(())
}

/// The reply to a request whose handler panicked: error 13 with the panic's message.
pub(crate) fn crash(cx: &Context, wire_type: &str, panic: &(dyn Any + Send)) -> RpcError {
    RpcError::new(ErrorCode::Crash, cx.panicked(format!("the handler of `{wire_type}`"), panic))
}

/// Decodes and serves a message without a reply.
pub fn receive<T: Payload>(
    cx: &Context,
    message: &Message<'_>,
    serve: impl FnOnce(&NodeId, T) -> Reply<()>,
) -> Result<(), Rejected> {
    let payload = message.payload::<T>().map_err(|error| message.reject(Reason::Malformed(error)))?;
    finish(cx, T::TYPE, serve(&message.sender(), payload));
    Ok(())
}

/// Reports the failure of a function without a reply, when it ends.
fn finish(cx: &Context, wire_type: &'static str, reply: Reply<()>) {
    match reply {
        Reply::Ready(result) => report(wire_type, result),
        Reply::Later(future) => cx.spawn(future.map(move |result| report(wire_type, result))),
    }
}

/// Answers a message of unknown type with error 10.
pub fn refuse(cx: &Context, message: &Message<'_>, known: &[&str]) -> Result<(), Rejected> {
    let (wire_type, known) = (excerpt(message.wire_type().as_bytes()), known.join(", "));
    let Some(msg_id) = message.msg_id() else {
        return Err(message.reject(Reason::UnknownType { wire_type, known }));
    };
    let text = format!("unknown type `{wire_type}`; {} serves {known}", cx.id());
    cx.fail(message, msg_id, &RpcError::new(ErrorCode::NotSupported, text));
    Ok(())
}
