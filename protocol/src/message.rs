//! A received line, read once and without a copy. The envelope and the three reserved keys of the body are decoded; the
//! body's other fields stay text until their type is known.

use crate::{
    envelope::{self, Envelope, Fields},
    error::{DecodeError, Reason, Rejected, abridge},
    fast_path, json_path,
    node_id::NodeId,
    plain_form, repeated,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, value::MapAccessDeserializer},
};
use std::{cell::Cell, rc::Rc};

/// The fields of a body beside `type`, `msg_id` and `in_reply_to`.
///
/// The schema compiler and `#[handler]` implement it. By hand it takes one line:
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "no #[message] or #[rpc] function takes a `{Self}`",
    note = "write `#[message] fn NAME(&self, message: {Self}) {{ .. }}` in the #[handler] block; NAME becomes its `type` on the wire"
)]
pub trait Payload: Serialize + DeserializeOwned + 'static {
    /// The body's `type`.
    const TYPE: &'static str;

    /// Decodes a body. [`Message::payload`] calls it.
    ///
    /// Generated types implement this and [`Self::encode`], so that both are compiled once, in their own crate. The
    /// defaults are compiled in each crate that uses them.
    ///
    /// # Errors
    ///
    /// If a field is missing, does not fit, or is unknown to a type that denies unknown fields.
    fn decode(message: &Message<'_>) -> Result<Self, DecodeError> {
        decode(message)
    }

    /// Writes the fields as a JSON object, or `null` if there are none.
    ///
    /// # Errors
    ///
    /// If the value has no JSON form.
    fn encode(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        encode(self, out)
    }
}

/// Decodes a body: [`Payload::decode`].
pub(crate) fn decode<T: Payload>(message: &Message<'_>) -> Result<T, DecodeError> {
    message.fields()
}

/// Decodes a body of a type that is compiled here only: the common form of values by a reader for it, which is compiled
/// beside that of serde_json.
pub fn decode_plain<T: Payload + Clone>(message: &Message<'_>) -> Result<T, DecodeError> {
    let fields = &message.envelope.body.fields;
    let large = repeated::large(fields);
    if let Some(known) = large.and_then(repeated::payload)
        && let Some(payload) = known.downcast_ref::<T>()
    {
        return Ok(payload.clone());
    }
    let payload = plain_form::read(fields).map_or_else(|| message.fields(), Ok)?;
    if let Some(large) = large {
        repeated::keep(large, &|| Rc::new(T::clone(&payload)));
    }
    Ok(payload)
}

/// Writes a body: [`Payload::encode`].
pub fn encode(payload: &impl Payload, out: &mut Vec<u8>) -> Encoded {
    serde_json::to_writer(out, payload)
}

/// The outcome of [`encode`].
pub type Encoded = serde_json::Result<()>;

/// Decodes an optional field of any value: `null` is a value, and only an absent field is `None`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A payload that asks for a response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request",
    label = "write the schema's type for the request, such as `Read` for `read`",
    note = "if other nodes send it, put #[message] above the function, or #[rpc] if it answers"
)]
pub trait Request: Payload {
    /// The payload of the response.
    type Response: Payload;
}

/// A received message: its envelope, decoded, and its payload, which is still text.
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
    /// If the line is not a JSON object, or lacks `src`, `dest` or a `body` with a `type`.
    pub fn parse(line: &'a str) -> Result<Self, Rejected> {
        let envelope = match fast_path::parse(line) {
            Some(envelope) => envelope,
            None => envelope::parse(line).map_err(|error| {
                let detail = abridge(&explain(line, 0, &error));
                Rejected::new(line.as_bytes(), Reason::NoMessage { detail })
            })?,
        };
        Ok(Self { line, envelope })
    }

    /// The sender's id.
    pub fn src(&self) -> &str {
        &self.envelope.src
    }

    /// The receiver's id.
    pub fn dest(&self) -> &str {
        &self.envelope.dest
    }

    /// The body's `type`.
    pub fn wire_type(&self) -> &str {
        &self.envelope.body.wire_type
    }

    /// The body's `msg_id`, with which the sender asks for a reply.
    pub fn msg_id(&self) -> Option<i64> {
        self.envelope.body.msg_id
    }

    /// The body's `in_reply_to`, which makes this a reply.
    pub fn in_reply_to(&self) -> Option<i64> {
        self.envelope.body.in_reply_to
    }

    /// The line as it was received.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// Decodes the body without its reserved keys as a `T`. It does not check the body's `type`.
    ///
    /// # Errors
    ///
    /// If a field is missing, does not fit, or is unknown to a `T` that denies unknown fields.
    pub fn payload<T: Payload>(&self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    fn fields<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let value = Cell::new(None);
        let fields = Members { fields: &self.envelope.body.fields, next: 0, value: &value };
        T::deserialize(MapAccessDeserializer::new(fields)).map_err(|error| self.misfit(value.get(), &error))
    }

    /// The error for a body that does not fit: because of the value that was read last, or as a whole.
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

    /// The error for a body whose `type` is not one of `known`.
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

/// Describes an error in `line` and its position. The error comes from reading the text that begins at byte `start`.
#[cold]
fn explain(line: &str, start: usize, error: &serde_json::Error) -> String {
    let (text, column) = (error.to_string(), start + error.column());
    let text = text.strip_suffix(&format!(" at line {} column {}", error.line(), error.column())).unwrap_or(&text);
    let path = json_path::path(line, column);
    let colon = if path.is_empty() { "" } else { ": " };
    format!("{path}{colon}{text} at column {column}")
}

/// A body's fields without the reserved keys.
struct Members<'f, 'a> {
    fields: &'f Fields<'a>,
    /// The index of the next one.
    next: usize,
    /// The value of the last key that was read.
    value: &'f Cell<Option<&'a str>>,
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let Some((key, value)) = self.fields.get(self.next) else { return Ok(None) };
        self.next += 1;
        self.value.set(Some(value));
        seed.deserialize(key.as_ref().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        let value = self.value.get().expect("a value follows its key");
        seed.deserialize(&mut serde_json::Deserializer::from_str(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_json::Json;
    use proptest::{collection::vec, prelude::*, sample::select};
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Number(i64);

    /// One field of each kind that generated types have.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        json: Option<Json>,
        list: Option<Vec<(String, i64, Json)>>,
        map: Option<BTreeMap<String, u8>>,
        truth: Option<bool>,
        unit: Option<()>,
        number: Option<Number>,
        nested: Option<Box<Sample>>,
    }

    impl Payload for Sample {
        const TYPE: &'static str = "t";
    }

    /// Returns true if the fields are read as the common form, after checking that serde_json reads the same.
    fn is_plain(fields: &str) -> bool {
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"t",{fields}}}}}"#);
        let Ok(message) = Message::parse(&line) else { return false };
        let Some(read) = plain_form::read::<Sample>(&message.envelope.body.fields) else { return false };
        assert_eq!(message.fields::<Sample>().unwrap(), read, "{line}");
        true
    }

    #[test]
    fn the_common_form_is_read() {
        for fields in [
            r#""json":{"a": [1e5,"\"]"]},"number":-17,"unit":null,"truth":true"#,
            r#""list":[["é",999999999999999999,[]],["",0,"]"]],"map":{"a":1,"":255}"#,
            r#""list": [["a", -1, null ], ["b", 2, {"a":1} ]], "map": {"a": 1, "b": 2}, "truth": false"#,
            r#""json":1.5,"list":[],"map":{},"nested":{"nested":{"number":0},"truth":null},"number":null"#,
        ] {
            assert!(is_plain(fields), "{fields}");
        }
    }

    #[test]
    fn other_forms_and_errors_are_left_to_serde() {
        for fields in [
            r#""other":1"#,
            r#""truth":"true""#,
            r#""truth":1"#,
            r#""number":1.0"#,
            r#""number":1e2"#,
            r#""number":-0"#,
            r#""number":9223372036854775807"#,
            r#""number":"1""#,
            r#""unit":[]"#,
            r#""list":[["a",1]]"#,
            r#""list":[["a",1,2,3]]"#,
            r#""list":[["\u0061",1,2]]"#,
            r#""list":[["a",1 ,2]]"#,
            r#""list":[ ]"#,
            r#""list":{}"#,
            r#""map":{"a":256}"#,
            r#""map":{"a":-1}"#,
            r#""map":{"a" :1}"#,
            r#""map":[]"#,
            r#""nested":{"nested":{"other":1}}"#,
            r#""truth":true,"truth":true"#,
        ] {
            assert!(!is_plain(fields), "{fields}");
        }
    }

    proptest! {
        #[test]
        fn serde_reads_the_same(pieces in vec(select(vec![
            r#""json":"#, r#""list":"#, r#""map":"#, r#""truth":"#, r#""unit":"#, r#""number":"#, r#""nested":{"#,
            r#"[["a",1,[{}]]"#, r#"["b",-2,"]"]"#, r#"{"a":1"#, r#","b":2}"#, "{", "}", "[", "]", ",", ",", ":", " ", "\n", "null", "true",
            "false", "0", "12", "-", "1.5", "\"", "\"é\"", "\\", "\\u0061",
        ]), 0..10)) {
            is_plain(&pieces.concat());
        }
    }
}
