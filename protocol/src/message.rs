//! A received line, read once and without copying it: the envelope and the three reserved keys of the body are decoded,
//! the body's other fields are kept as text until their type is known.

use crate::{
    DecodeError, NodeId, Rejected,
    envelope::{self, Body, Envelope, Field},
    error::{Reason, abridge},
    place, plain, support,
};
use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, value::MapAccessDeserializer},
};
use std::{cell::Cell, iter::Chain, option, slice};

/// What a body carries beside `type`, `msg_id` and `in_reply_to`.
///
/// Schemas and `#[handler]` implement it; by hand it takes one line.
///
/// ```
/// use glomers_protocol::Payload;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Rumour { messages: Vec<u64> }
///
/// impl Payload for Rumour {
///     const TYPE: &'static str = "rumour";
/// }
/// ```
pub trait Payload: Serialize + DeserializeOwned + 'static {
    /// The body's `type`.
    const TYPE: &'static str;

    /// Decodes a body; what [`Message::payload`] calls.
    ///
    /// Types that are made from schemas have this and [`Self::encode`] compiled once, in the crate that they are made in;
    /// others, in each crate that uses them.
    ///
    /// # Errors
    ///
    /// A field is missing, has the wrong form, or is unknown to a type that refuses unknown fields.
    fn decode(message: &Message<'_>) -> Result<Self, DecodeError> {
        support::decode(message)
    }

    /// Writes it as a JSON object, or `null` if it has no fields.
    ///
    /// # Errors
    ///
    /// It has no JSON form.
    fn encode(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        support::encode(self, out)
    }
}

/// A payload that asks for an answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no request",
    label = "write the type that the schema has for the request, such as `Read` for `read`",
    note = "if it is other nodes that send it, put #[message] above the function, or #[rpc] if it answers"
)]
pub trait Request: Payload {
    /// What answers it.
    type Response: Payload;
}

/// A received message: its envelope, decoded, and its payload, still text.
///
/// ```
/// use glomers_protocol::{Message, echo::Echo};
///
/// let line = r#"{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":7,"echo":"hello"}}"#;
/// let message = Message::parse(line)?;
/// assert_eq!((message.src(), message.wire_type(), message.msg_id()), ("c1", "echo", Some(7)));
/// assert_eq!(message.payload::<Echo>()?.echo.as_str(), "\"hello\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Message<'a> {
    line: &'a str,
    envelope: Envelope<'a>,
}

impl<'a> Message<'a> {
    /// Reads one line.
    ///
    /// # Errors
    ///
    /// The line is not JSON, not an object, or has no `src`, `dest` or `body` with a `type`.
    pub fn parse(line: &'a str) -> Result<Self, Rejected> {
        let envelope = match plain::parse(line) {
            Some(envelope) => envelope,
            None => envelope::parse(line).map_err(|error| {
                let detail = abridge(&explain(line, 0, &error));
                Rejected::new(line.as_bytes(), Reason::NoMessage { detail })
            })?,
        };
        Ok(Self { line, envelope })
    }

    /// Who sent it.
    pub fn src(&self) -> &str {
        &self.envelope.src
    }

    /// To whom it was sent.
    pub fn dest(&self) -> &str {
        &self.envelope.dest
    }

    /// The body's `type`.
    pub fn wire_type(&self) -> &str {
        &self.envelope.body.wire_type
    }

    /// The body's `msg_id`: the sender wants an answer.
    pub fn msg_id(&self) -> Option<i64> {
        self.envelope.body.msg_id
    }

    /// The body's `in_reply_to`: this is an answer.
    pub fn in_reply_to(&self) -> Option<i64> {
        self.envelope.body.in_reply_to
    }

    /// The whole line as it was received.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// Decodes the body, its reserved keys aside, as a `T`. The body's `type` is not looked at.
    ///
    /// # Errors
    ///
    /// A field is missing, has the wrong form, or is unknown to a `T` that refuses unknown fields.
    pub fn payload<T: Payload>(&self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    /// As [`Self::payload`], for a type of any kind.
    pub(crate) fn fields<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let Body { first, more, .. } = &self.envelope.body;
        let value = Cell::new(None);
        let fields = Fields { rest: first.iter().chain(more), value: &value };
        T::deserialize(MapAccessDeserializer::new(fields)).map_err(|error| self.misfit(value.get(), &error))
    }

    /// The error for a body of which the value that was read last, or the body as a whole, does not fit.
    #[cold]
    fn misfit(&self, value: Option<&str>, error: &serde_json::Error) -> DecodeError {
        let detail = match value {
            Some(value) if error.line() > 0 => {
                let start = value.as_ptr().addr() - self.line.as_ptr().addr();
                explain(self.line, start, error)
            }
            _ => format!("body: {error}"),
        };
        DecodeError::new(self.wire_type(), &detail)
    }

    /// The error for a body whose `type` is none of `known`.
    pub fn unknown_type(&self, known: &[&str]) -> DecodeError {
        DecodeError::new(self.wire_type(), &format!("unknown type, expected one of: {}", known.join(", ")))
    }

    pub(crate) fn sender(&self) -> NodeId {
        NodeId::from(self.src())
    }

    pub(crate) fn reject(&self, reason: Reason) -> Rejected {
        Rejected::new(self.line.as_bytes(), reason)
    }
}

/// Says what is wrong with a line, and where. The error is of a text that begins at byte `start` of it.
#[cold]
fn explain(line: &str, start: usize, error: &serde_json::Error) -> String {
    let (text, column) = (error.to_string(), start + error.column());
    let text = text.strip_suffix(&format!(" at line {} column {}", error.line(), error.column())).unwrap_or(&text);
    let path = place::path(line, column);
    let colon = if path.is_empty() { "" } else { ": " };
    format!("{path}{colon}{text} at column {column}")
}

/// A body's fields without the reserved ones.
struct Fields<'f, 'a> {
    rest: Chain<option::Iter<'f, Field<'a>>, slice::Iter<'f, Field<'a>>>,
    /// The value of the key that was handed out last.
    value: &'f Cell<Option<&'a str>>,
}

impl<'a> MapAccess<'a> for Fields<'_, 'a> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value.set(Some(value));
        seed.deserialize(key.as_ref().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        let value = self.value.get().expect("a value follows its key");
        seed.deserialize(&mut serde_json::Deserializer::from_str(value))
    }
}
