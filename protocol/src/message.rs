//! A received line, read without copying it: the envelope and the three reserved keys of the body first, the payload
//! when its type is known.
//!
//! Both passes read the whole line. That is cheaper than splitting off the body: skipping it would be a pass of its own.

use crate::{
    DecodeError, NodeId, Rejected,
    error::{Reason, abridge},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor,
        value::{CowStrDeserializer, MapAccessDeserializer},
    },
};
use std::{borrow::Cow, fmt, marker::PhantomData};

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
}

/// A payload that asks for an answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no request",
    label = "this is not the type of a request",
    note = "a handler takes the type that the schema generates for the request, such as `Read` for `read`"
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
/// assert_eq!(message.payload::<Echo>()?.echo.text(), "\"hello\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Message<'a> {
    line: &'a str,
    envelope: Envelope<'a>,
}

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: Object<Header<'a>>,
}

#[derive(Debug, Deserialize)]
struct Header<'a> {
    #[serde(borrow, rename = "type")]
    wire_type: Cow<'a, str>,
    msg_id: Option<i64>,
    in_reply_to: Option<i64>,
}

impl<'a> Message<'a> {
    /// Reads one line.
    ///
    /// # Errors
    ///
    /// The line is not JSON, not an object, or has no `src`, `dest` or `body` with a `type`.
    pub fn parse(line: &'a str) -> Result<Self, Rejected> {
        match serde_json::from_str(line) {
            Ok(Object(envelope)) => Ok(Self { line, envelope }),
            Err(error) => {
                let detail = explain::<Object<Envelope<'_>>>(line, error);
                Err(Rejected::new(line.as_bytes(), Reason::NoMessage { detail: abridge(&detail) }))
            }
        }
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
        &self.envelope.body.0.wire_type
    }

    /// The body's `msg_id`: the sender wants an answer.
    pub fn msg_id(&self) -> Option<i64> {
        self.envelope.body.0.msg_id
    }

    /// The body's `in_reply_to`: this is an answer.
    pub fn in_reply_to(&self) -> Option<i64> {
        self.envelope.body.0.in_reply_to
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
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        match serde_json::from_str::<Line<T>>(self.line) {
            Ok(line) => Ok(line.body.0),
            Err(error) => Err(DecodeError::new(self.wire_type(), &explain::<Line<T>>(self.line, error))),
        }
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

/// Says at which field decoding failed. Reads the line once more, which only lines in error pay for.
fn explain<'a, T: Deserialize<'a>>(line: &'a str, error: serde_json::Error) -> String {
    let deserializer = &mut serde_json::Deserializer::from_str(line);
    let text = match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Err(error) if error.path().iter().len() > 0 => format!("{}: {}", error.path(), error.inner()),
        _ => error.to_string(),
    };
    text.replace(" at line 1 column ", " at column ")
}

/// A `T` that is an object in JSON: serde's structs would take an array as well.
#[derive(Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The body of a message, decoded as a `T`, and nothing else of the message.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Line<T> {
    body: Fields<T>,
}

/// A body's fields without the reserved ones.
struct Fields<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldsVisitor<T> {
    type Value = Fields<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fields<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(WithoutReserved(map))).map(Fields)
    }
}

/// A map that passes over the keys which belong to the envelope.
struct WithoutReserved<A>(A);

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutReserved<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Key(key)) = self.0.next_key()? {
            if matches!(&*key, "type" | "msg_id" | "in_reply_to") {
                self.0.next_value::<IgnoredAny>()?;
            } else {
                return seed.deserialize(CowStrDeserializer::new(key)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}
