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
use futures::FutureExt;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    task::{self, Poll},
};

/// Decodes a request, serves it, and answers it: at once if the reply is ready, otherwise when it is.
pub fn answer<R: Request>(
    cx: &Context,
    message: &Message<'_>,
    serve: impl FnOnce(&NodeId, R) -> Reply<R::Response>,
) -> Result<(), Rejected> {
    let Some(msg_id) = message.msg_id() else { return Err(message.reject(Reason::NoMsgId)) };
    let request = match message.payload::<R>() {
        Ok(request) => request,
        Err(error) => {
            cx.fail(message, msg_id, &error.into());
            return Ok(());
        }
    };
    let from = message.sender();
    match serve(&from, request) {
        Reply::Ready(reply) => cx.answer(&from, msg_id, &reply),
        Reply::Later(mut future) => match future.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())) {
            Poll::Ready(reply) => cx.answer(&from, msg_id, &reply),
            Poll::Pending => answer_later(cx, from, msg_id, R::TYPE, future),
        },
    }
    Ok(())
}

/// Answers when `future` ends or panics.
fn answer_later<T: Payload>(cx: &Context, from: NodeId, msg_id: i64, wire_type: &'static str, future: Later<T>) {
    let owner = cx.clone();
    let number = cx.in_flight().begin(Unanswered { from: from.clone(), msg_id, wire_type });
    cx.spawn(async move {
        // Encoding the reply may panic as well.
        let answered = async {
            let reply = future.await;
            owner.answer(&from, msg_id, &reply);
        };
        if let Err(panic) = AssertUnwindSafe(answered).catch_unwind().await {
            owner.respond(from.as_str(), msg_id, &crash(&owner, wire_type, &*panic));
        }
        owner.in_flight().end(number);
    });
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
    match serve(&message.sender(), payload) {
        Reply::Ready(result) => report(T::TYPE, result),
        Reply::Later(future) => cx.spawn(future.map(|result| report(T::TYPE, result))),
    }
    Ok(())
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
