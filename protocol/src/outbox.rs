//! Outgoing messages, encoded one behind the other into a single buffer: no allocation per message, and one write for many.

use crate::{message::Message, node_id::NodeId, plain_form::string};
use glomers_json::plain_string;
use serde::ser::Error as _;

#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
}

/// The beginning of a sender's messages, up to the id of the receiver.
pub(crate) struct Src(Vec<u8>);

impl Src {
    pub(crate) fn new(id: &str) -> Self {
        let mut text = SRC.to_vec();
        string(&mut text, id);
        text.extend_from_slice(DEST);
        Self(text)
    }
}

/// The capacity to which an empty buffer shrinks.
const KEEP_BYTES: usize = 256 * 1024;

/// A body, as [`Outbox::push`] takes it.
pub(crate) struct Body<'a> {
    pub(crate) wire_type: &'a str,
    pub(crate) msg_id: Option<i64>,
    pub(crate) in_reply_to: Option<i64>,
    /// Writes the payload.
    pub(crate) encode: &'a dyn Fn(&mut Vec<u8>) -> serde_json::Result<()>,
}

impl Outbox {
    /// Appends a message.
    ///
    /// # Panics
    ///
    /// If the payload does not encode as a JSON object, which is a bug in its type. Nothing of it is kept.
    pub(crate) fn push(&mut self, src: &Src, dest: &str, body: &Body<'_>) {
        let start = self.bytes.len();
        if let Err(error) = encode(&mut self.bytes, src, dest, body) {
            self.bytes.truncate(start);
            panic!("the payload of `{}` does not encode as a JSON object: {error}", body.wire_type);
        }
        self.bytes.push(b'\n');
    }

    /// All lines, each with its newline.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each line without its newline, and its destination.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let text = std::str::from_utf8(&self.bytes).expect("JSON is UTF-8");
        text.lines().map(|line| (dest(line), line))
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_BYTES);
    }
}

/// The destination of an encoded message. Only a simulation asks for it, so it is read back from the text.
fn dest(line: &str) -> NodeId {
    let plain = || {
        let start = plain_string(line.as_bytes(), SRC.len() + 1)? + DEST.len() + 1;
        Some(NodeId::from(&line[start..plain_string(line.as_bytes(), start)? - 1]))
    };
    plain().unwrap_or_else(|| Message::parse(line).expect("the line is a message").dest().into())
}

/// The text in front of the sender.
const SRC: &[u8] = b"{\"src\":";

/// The text in front of the receiver.
const DEST: &[u8] = b",\"dest\":";

/// Writes the envelope by hand: its keys need no escapes, and writing the payload as an object of its own costs less than
/// serde's `flatten`.
fn encode(out: &mut Vec<u8>, Src(beginning): &Src, dest: &str, body: &Body<'_>) -> serde_json::Result<()> {
    out.extend_from_slice(beginning);
    string(out, dest);
    out.extend_from_slice(b",\"body\":{\"type\":");
    string(out, body.wire_type);
    if let Some(msg_id) = body.msg_id {
        out.extend_from_slice(b",\"msg_id\":");
        serde_json::to_writer(&mut *out, &msg_id)?;
    }
    if let Some(in_reply_to) = body.in_reply_to {
        out.extend_from_slice(b",\"in_reply_to\":");
        serde_json::to_writer(&mut *out, &in_reply_to)?;
    }
    let payload = out.len();
    (body.encode)(out)?;
    let is_line = || !out[payload..].iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    debug_assert!(is_line(), "the payload of `{}` is not on one line", body.wire_type);
    match &out[payload..] {
        // A unit struct, which has no fields.
        b"{}" | b"null" => {
            out.truncate(payload);
            out.push(b'}');
        }
        [b'{', ..] => out[payload] = b',',
        _ => return Err(serde_json::Error::custom("only structs and maps do")),
    }
    out.push(b'}');
    Ok(())
}
