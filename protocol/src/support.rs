//! What generated code calls. All logic is here, in one copy, and none of it in the generator's output. Not part of the
//! public interface.

#[cfg(feature = "schema")]
pub use crate::described::{Document, SchemaValue};
use crate::{
    Context, DecodeError, ErrorCode, IntoReply, Message, NodeId, Payload, Rejected, Reply, Request, RpcError,
    error::{Reason, excerpt},
    owed::Unanswered,
    reply::Later,
    ticker::Ticker,
};
use futures::FutureExt;
use serde::{
    Deserialize,
    de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor},
};
use std::{
    borrow::Cow,
    fmt,
    marker::PhantomData,
    panic::AssertUnwindSafe,
    task::{self, Poll},
    time::Duration,
};

/// What the word `schema` in an attribute adds: an error, unless the feature of that name is there.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_described {
    ($($items:tt)*) => { $($items)* };
}

/// What the word `schema` in an attribute adds: an error, unless the feature of that name is there.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_described {
    ($($items:tt)*) => {
        ::std::compile_error!("`schema` in #[handler] needs the feature `schema` of glomers-protocol");
    };
}

/// The functions that [`Payload`] has by default. Written into an implementation they are compiled there, once; a default is
/// compiled in each crate that calls it.
#[doc(hidden)]
#[macro_export]
macro_rules! codec {
    () => {
        fn decode(message: &$crate::Message<'_>) -> ::std::result::Result<Self, $crate::DecodeError> {
            $crate::support::decode(message)
        }

        fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> $crate::support::Encoded {
            $crate::support::encode(self, out)
        }
    };
}

/// Decodes a body: [`Payload::decode`].
pub fn decode<T: Payload>(message: &Message<'_>) -> Result<T, DecodeError> {
    message.fields()
}

/// Writes a body: [`Payload::encode`].
pub fn encode(payload: &impl Payload, out: &mut Vec<u8>) -> Encoded {
    serde_json::to_writer(out, payload)
}

/// Whether a body was written.
pub type Encoded = serde_json::Result<()>;

/// Decodes a request, has it served, and answers it: at once if the answer is ready, else when it is.
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
        Reply::Ready(answer) => cx.answer(&from, msg_id, &answer),
        Reply::Later(mut future) => match future.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())) {
            Poll::Ready(answer) => cx.answer(&from, msg_id, &answer),
            Poll::Pending => answer_later(cx, from, msg_id, R::TYPE, future),
        },
    }
    Ok(())
}

/// Answers when `future` ends, or panics.
fn answer_later<T: Payload>(cx: &Context, from: NodeId, msg_id: i64, wire_type: &'static str, future: Later<T>) {
    let owner = cx.clone();
    let number = cx.owed().note(Unanswered { from: from.clone(), msg_id, wire_type });
    cx.spawn(async move {
        // Encoding the answer may panic as well.
        let answered = async {
            let answer = future.await;
            owner.answer(&from, msg_id, &answer);
        };
        if AssertUnwindSafe(answered).catch_unwind().await.is_err() {
            owner.respond(&from, msg_id, &crash(wire_type));
        }
        owner.owed().settle(number);
    });
}

/// Error 13 for a request whose handler panicked; the panic hook has written the panic itself to stderr.
pub(crate) fn crash(wire_type: &str) -> RpcError {
    RpcError::new(ErrorCode::Crash, format!("the handler of `{wire_type}` panicked"))
}

/// Decodes a message without an answer and has it served.
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

/// Calls `tick` every `period`, one call after the other. A tick that fails or panics does not end the series.
pub fn every(cx: &Context, what: &'static str, period: Duration, tick: impl FnMut() -> Reply<()> + 'static) {
    Ticker::start(cx, what, period, tick);
}

/// Logs the failure of work that nobody awaits.
pub(crate) fn report(what: &str, result: Result<(), RpcError>) {
    if let Err(error) = result {
        tracing::warn!("`{what}` failed: {error}");
    }
}

/// Error 10 for a message that nobody serves.
pub fn refuse(cx: &Context, message: &Message<'_>, known: &[&str]) -> Result<(), Rejected> {
    let (wire_type, known) = (excerpt(message.wire_type().as_bytes()), known.join(", "));
    let Some(msg_id) = message.msg_id() else {
        return Err(message.reject(Reason::UnknownType { wire_type, known }));
    };
    let text = format!("unknown type `{wire_type}`; {} serves {known}", cx.id());
    cx.fail(message, msg_id, &RpcError::new(ErrorCode::NotSupported, text));
    Ok(())
}

/// Decodes an optional field of any value: `null` is a value, and only an absent field is `None`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A node that has no `#[init]` function.
#[diagnostic::on_unimplemented(
    message = "nothing says how to make a `{Self}`",
    label = "derive `Default` for it, or write `#[init] fn new(cx: &Context) -> Self` in the block"
)]
pub trait ByDefault: Sized {
    /// The default.
    fn by_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> ByDefault for T {
    fn by_default() -> Self {
        Self::default()
    }
}

/// Makes a node that has no `#[init]` function.
pub fn by_default<T: ByDefault>() -> T {
    T::by_default()
}

/// What a handler may fail with.
#[diagnostic::on_unimplemented(
    message = "no client can be told a `{Self}`",
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

/// What a function may return that nobody awaits: `#[message]` and `#[every]`.
#[diagnostic::on_unimplemented(
    message = "nobody awaits what this function returns",
    label = "return nothing, or a `Result<(), _>`",
    note = "a function that answers another node is `#[rpc]`"
)]
pub trait Unawaited: IntoReply<()> {}

#[diagnostic::do_not_recommend]
impl<T: IntoReply<()>> Unawaited for T {}

/// The outcome of a function that nobody awaits.
pub fn unawaited(outcome: impl Unawaited) -> Result<(), RpcError> {
    outcome.into_reply()
}

/// A type whose wire form is an array that begins with a tag, which tells what the other items are.
pub trait TaggedTuple: Sized {
    /// The tags there are.
    const TAGS: &'static [&'static str];

    /// Reads the items behind `tag`.
    fn read<'de, A: SeqAccess<'de>>(tag: &str, items: &mut Items<A>) -> Result<Self, A::Error>;
}

/// Decodes a tagged tuple.
pub fn tagged_tuple<'de, D: Deserializer<'de>, T: TaggedTuple>(deserializer: D) -> Result<T, D::Error> {
    struct TupleVisitor<T>(PhantomData<T>);

    impl<'de, T: TaggedTuple> Visitor<'de> for TupleVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an array that begins with one of {:?}", T::TAGS)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
            #[derive(Deserialize)]
            struct Tag<'a>(#[serde(borrow)] Cow<'a, str>);

            let mut items = Items { items, read: 0 };
            let Tag(tag) = items.next()?;
            let value = T::read(&tag, &mut items);
            // An error that has no place of its own gets that where reading stops, so the tuple is read to its end.
            while value.is_err() && matches!(items.items.next_element::<IgnoredAny>(), Ok(Some(_))) {}
            let value = value?;
            match items.items.next_element::<IgnoredAny>()? {
                None => Ok(value),
                Some(_) => Err(A::Error::custom(format_args!("more than {} items", items.read))),
            }
        }
    }

    deserializer.deserialize_seq(TupleVisitor(PhantomData))
}

/// The items of a tagged tuple that have not been read yet.
pub struct Items<A> {
    items: A,
    read: usize,
}

impl<'de, A: SeqAccess<'de>> Items<A> {
    /// The next item, which must be there.
    #[expect(clippy::should_implement_trait, reason = "each item may have another type")]
    pub fn next<T: Deserialize<'de>>(&mut self) -> Result<T, A::Error> {
        let item = self.items.next_element()?;
        self.read += 1;
        item.ok_or_else(|| A::Error::custom(format_args!("item {} is missing", self.read)))
    }

    /// The next item, which must be `null`.
    pub fn null(&mut self) -> Result<(), A::Error> {
        self.next()
    }

    /// The error for a tag that is none of `T`'s.
    pub fn unknown_tag<T: TaggedTuple>(&self, tag: &str) -> A::Error {
        A::Error::unknown_variant(tag, T::TAGS)
    }
}

/// Checks that each wire form of a `T` decodes, and that encoding it gives the same fields back; for the tests of
/// generated code.
///
/// # Panics
///
/// One of them does not.
pub fn assert_round_trips<T: Payload>(bodies: &[&str]) {
    for body in bodies {
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{body}}}"#);
        let message = Message::parse(&line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(message.wire_type(), T::TYPE, "{body}");
        let payload: T = message.payload().unwrap_or_else(|error| panic!("{body}: {error}"));
        let mut expected: serde_json::Value = serde_json::from_str(body).expect("parsed above");
        let fields = expected.as_object_mut().expect("parsed above");
        fields.retain(|key, _| !["type", "msg_id", "in_reply_to"].contains(&key.as_str()));
        assert_eq!(serde_json::to_value(&payload).expect("payloads have a JSON form"), expected, "{body}");
    }
}
