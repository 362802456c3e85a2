//! Outgoing messages, encoded one behind the other into a single buffer: no allocation per message, and one write for many.

use crate::node_id::NodeId;
use glomers_json::{join_lines, plain_length};
use serde::ser::Error as _;

#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// The destinations of the lines, one id behind the other. Only a simulation reads them.
    dests: String,
    /// The end of each line and of its destination.
    ends: Vec<Ends>,
}

#[derive(Clone, Copy)]
struct Ends {
    line: usize,
    dest: usize,
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
    pub(crate) fn push(&mut self, src: &str, dest: &str, body: &Body<'_>) {
        let start = self.bytes.len();
        if let Err(error) = encode(&mut self.bytes, src, dest, body) {
            self.bytes.truncate(start);
            panic!("the payload of `{}` does not encode as a JSON object: {error}", body.wire_type);
        }
        self.bytes.push(b'\n');
        self.dests.push_str(dest);
        self.ends.push(Ends { line: self.bytes.len(), dest: self.dests.len() });
    }

    /// All lines, each with its newline.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each line without its newline, and its destination.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let mut start = Ends { line: 0, dest: 0 };
        self.ends.iter().map(move |end| {
            let line = &self.bytes[start.line..end.line - 1];
            let dest = NodeId::from(&self.dests[start.dest..end.dest]);
            start = *end;
            (dest, std::str::from_utf8(line).expect("JSON is UTF-8"))
        })
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.dests.clear();
        self.ends.clear();
        self.bytes.shrink_to(KEEP_BYTES);
        self.dests.shrink_to(KEEP_BYTES);
        self.ends.shrink_to(KEEP_BYTES / size_of::<Ends>());
    }
}

/// Writes the envelope by hand: its keys need no escapes, and writing the payload as an object of its own costs less than
/// serde's `flatten`.
fn encode(out: &mut Vec<u8>, src: &str, dest: &str, body: &Body<'_>) -> serde_json::Result<()> {
    out.extend_from_slice(b"{\"src\":\"");
    name(out, src)?;
    out.extend_from_slice(b",\"dest\":\"");
    name(out, dest)?;
    out.extend_from_slice(b",\"body\":{\"type\":\"");
    name(out, body.wire_type)?;
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
    match &out[payload..] {
        // A unit struct, which has no fields.
        b"{}" | b"null" => {
            out.truncate(payload);
            out.push(b'}');
        }
        [b'{', ..] => out[payload] = b',',
        _ => return Err(serde_json::Error::custom("only structs and maps do")),
    }
    join_lines(&mut out[payload..]);
    out.push(b'}');
    Ok(())
}

/// Writes a name, whose opening quote is there, and the closing quote. Nearly no name needs escapes.
fn name(out: &mut Vec<u8>, name: &str) -> serde_json::Result<()> {
    if plain_length(name.as_bytes()) < name.len() {
        out.pop();
        return serde_json::to_writer(out, name);
    }
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    Ok(())
}
