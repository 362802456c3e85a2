//! A received line, read once and without a copy. The envelope and the three reserved keys of the body are decoded; the
//! body's other fields stay text until their type is known.

use crate::{
    envelope::{self, Envelope, Fields},
    error::{DecodeError, Reason, Rejected, abridge},
    fast_path, json_path,
    node_id::NodeId,
    plain_form::{self, Members},
    repeated,
};
use glomers_json::join_lines;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, value::MapAccessDeserializer},
};
use std::cell::Cell;

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

    /// Writes the fields as a JSON object on one line, or `null` if there are none.
    ///
    /// # Errors
    ///
    /// If the value has no JSON form.
    fn encode(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        encode(self, out)
    }
}

/// Decodes a body: [`Payload::decode`].
pub fn decode<T: Payload>(message: &Message<'_>) -> Result<T, DecodeError> {
    message.fields()
}

/// Decodes a body of a type that has a reader for the common form of values.
pub fn decode_plain<T: Payload + Clone>(
    message: &Message<'_>,
    read: impl FnOnce(&mut Members<'_, '_>) -> Option<T>,
) -> Result<T, DecodeError> {
    let fields = &message.envelope.body.fields;
    let large = repeated::large(fields);
    if let Some(payload) = large.and_then(repeated::payload) {
        return Ok(payload);
    }
    let payload = match plain_form::read(fields, read) {
        Some(payload) => Ok(payload),
        None => message.fields(),
    };
    if let (Some(large), Ok(payload)) = (large, &payload) {
        repeated::keep(large, payload);
    }
    payload
}

/// Writes a body: [`Payload::encode`].
pub fn encode(payload: &impl Payload, out: &mut Vec<u8>) -> Encoded {
    let start = out.len();
    serde_json::to_writer(&mut *out, payload)?;
    join_lines(&mut out[start..]);
    Ok(())
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
            None => parse_other(line)?,
        };
        Ok(Self { line, envelope })
    }

    /// Reads one line, which may be no text.
    ///
    /// # Errors
    ///
    /// As for [`Self::parse`], and if the line is not UTF-8.
    pub(crate) fn read(line: &'a [u8]) -> Result<Self, Rejected> {
        let text = std::str::from_utf8(line).map_err(|_| Rejected::new(line, Reason::NotUtf8))?;
        Self::parse(text)
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
        let fields = Remaining { fields: &self.envelope.body.fields, next: 0, value: &value };
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

/// Reads a line that has not the common form.
#[cold]
fn parse_other(line: &str) -> Result<Envelope<'_>, Rejected> {
    envelope::parse(line).map_err(|error| {
        let detail = abridge(&explain(line, 0, &error));
        Rejected::new(line.as_bytes(), Reason::NoMessage { detail })
    })
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
struct Remaining<'f, 'a> {
    fields: &'f Fields<'a>,
    /// The index of the next one.
    next: usize,
    /// The value of the last key that was read.
    value: &'f Cell<Option<&'a str>>,
}

impl<'a> MapAccess<'a> for Remaining<'_, 'a> {
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
    use crate::generated::{
        broadcast::{self, Topology},
        echo::EchoOk,
        kafka,
        txn_rw_register::Txn,
    };
    use proptest::{collection::vec, prelude::*, sample::select};
    use std::fmt::Debug;

    /// Checks that fields are decoded as serde_json decodes them, and encoded as it encodes them.
    fn is_as_serde<T: Payload + PartialEq + Debug>(fields: &str) {
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"t",{fields}}}}}"#);
        let Ok(message) = Message::parse(&line) else { return };
        let (read, expected) = (message.payload::<T>(), message.fields::<T>());
        let texts = [&read, &expected].map(|result| result.as_ref().map_err(ToString::to_string));
        assert_eq!(texts[0], texts[1], "{line}");
        if let Ok(payload) = read {
            let mut encoded = Vec::new();
            payload.encode(&mut encoded).unwrap();
            let mut expected = serde_json::to_vec(&payload).unwrap();
            join_lines(&mut expected);
            assert_eq!(encoded, expected, "{line}");
        }
    }

    /// Checks types with each kind of field that generated types have.
    fn all_are_as_serde(fields: &str) {
        is_as_serde::<EchoOk>(fields);
        is_as_serde::<kafka::Send>(fields);
        is_as_serde::<kafka::SendOk>(fields);
        is_as_serde::<kafka::Poll>(fields);
        is_as_serde::<Topology>(fields);
        is_as_serde::<broadcast::ReadOk>(fields);
        is_as_serde::<Txn>(fields);
    }

    #[test]
    fn other_forms_and_errors_are_those_of_serde() {
        for fields in [
            r#""key":"a","msg":{"b": [1e5,"\"]"]}"#,
            r#""msg": 1, "key": "\u0061\n""#,
            r#""key":"a","msg":1,"msg":2"#,
            r#""key":"a","msg":1,"other":2"#,
            r#""key":"a""#,
            r#""key":1,"msg":1"#,
            r#""offset":1.0"#,
            r#""offset":-0"#,
            r#""offset":-17"#,
            r#""offset":999999999999999999"#,
            r#""offset":9223372036854775807"#,
            r#""offset":9223372036854775808"#,
            r#""offset":1,"other":2"#,
            r#""offset":"1""#,
            r#""echo":null"#,
            r#""echo":1e400,"other":1"#,
            r#""offsets":{"a":1, "b": 2,"a":3}"#,
            r#""offsets":{"a" :1}"#,
            r#""offsets":{"\u0061":1}"#,
            r#""offsets":[]"#,
            r#""topology":{"n2":["n1"],"n1":[],"n2":["n3", "n1"]}"#,
            r#""topology":{"n1":[ ]}"#,
            r#""messages":[]"#,
            r#""messages":[ ]"#,
            "\"messages\":[\n]",
            r#""messages":[ 1 ,2 ]"#,
            r#""messages":[ [1],[2]]"#,
            r#""messages":[  "a]",2]"#,
            r#""messages":[1, {"a": [ ]},"\u0061"]"#,
            r#""txn":[["r", 1, null], ["w", [1, {"a":"]"}], "é"]]"#,
            "\"txn\":[[\"w\",1,\t[5]],[\"r\",1,null]]",
            "\"txn\":[[\"w\",1,\r\n[]],[\"append\",1,2]]",
            r#""txn":[["r",1,2]]"#,
            r#""txn":[["r",1]]"#,
            r#""txn":[["w",1,2,3]]"#,
            r#""txn":[["w" ,1,2]]"#,
            r#""txn":[["\u0077",1,2]]"#,
            r#""txn":[["append",1,2]]"#,
            r#""txn":[[]]"#,
            r#""txn":[]"#,
        ] {
            all_are_as_serde(fields);
        }
    }

    /// The tokens of a value.
    fn value() -> impl Strategy<Value = Vec<&'static str>> {
        let leaf =
            select(vec!["1", "-20", "1.5", "null", r#""a]""#, r#""\"}""#, "[]", "{}"]).prop_map(|token| vec![token]);
        leaf.prop_recursive(3, 12, 3, |item| {
            (vec(item, 1..4), any::<bool>()).prop_map(|(items, is_list)| match is_list {
                true => enclosed("[", &[], items, "]"),
                false => enclosed("{", &["\"k\"", ":"], items, "}"),
            })
        })
    }

    fn enclosed(
        open: &'static str,
        key: &[&'static str],
        items: Vec<Vec<&'static str>>,
        close: &'static str,
    ) -> Vec<&'static str> {
        let item = |item: Vec<&'static str>| [key.to_vec(), item].concat();
        let items: Vec<_> = items.into_iter().map(item).collect();
        [vec![open], items.join(&","), vec![close]].concat()
    }

    proptest! {
        #[test]
        fn values_with_white_space_are_read_as_serde_reads_them(
            values in vec(value(), 3),
            spaces in vec(select(vec!["", "", "", " ", "  ", "\t", "\r\n"]), 1..20),
        ) {
            let write = vec![vec!["\"w\""], values[0].clone(), values[1].clone()];
            let read = vec![vec!["\"r\""], values[2].clone(), vec!["null"]];
            let txn = [write, read].map(|step| enclosed("[", &[], step, "]"));
            let txn = enclosed("[", &[], txn.to_vec(), "]");
            let mut spaces = spaces.into_iter().cycle();
            for (name, tokens) in [("txn", txn), ("messages", enclosed("[", &[], values, "]"))] {
                let text: String = tokens.into_iter().flat_map(|token| [spaces.next().unwrap(), token]).collect();
                all_are_as_serde(&format!("\"{name}\":{text}"));
            }
        }

        #[test]
        fn serde_reads_and_writes_the_same(
            name in select(vec!["echo", "key", "offset", "offsets", "topology", "messages", "txn"]),
            pieces in vec(select(vec![
                r#","msg":"#, r#""key":"#, r#"[["r",1,null]"#, r#"["w",-2,"]"]"#, r#"{"a":1"#, r#","b":2}"#, "{", "}", "[", "]", ",",
                ",", ":", " ", "\n", "null", "true", "0", "12", "-", "1.5", "\"", "\"é\"", "\"n1\"", "\\", "\\u0061",
            ]), 0..10),
        ) {
            all_are_as_serde(&format!("\"{name}\":{}", pieces.concat()));
        }
    }
}
