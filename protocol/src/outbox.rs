//! Outgoing messages, encoded one behind the other into a single buffer: no allocation per message, and one write for many.

use crate::node_id::NodeId;
use memchr::memchr2;
use serde::{Serialize, ser::Error as _};

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
        join_lines(&mut self.bytes[start..]);
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
    name(out, "{\"src\":\"", src)?;
    name(out, ",\"dest\":\"", dest)?;
    name(out, ",\"body\":{\"type\":\"", body.wire_type)?;
    if let Some(msg_id) = body.msg_id {
        member(out, ",\"msg_id\":", &msg_id)?;
    }
    if let Some(in_reply_to) = body.in_reply_to {
        member(out, ",\"in_reply_to\":", &in_reply_to)?;
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
    out.push(b'}');
    Ok(())
}

/// The bytes that a JSON string holds unescaped. Nearly all names consist of them.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ' as usize;
    while byte < 127 {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// Writes `before`, which ends with the opening quote, and the name. Checking that a name is plain costs less than escaping.
fn name(out: &mut Vec<u8>, before: &str, name: &str) -> serde_json::Result<()> {
    out.extend_from_slice(before.as_bytes());
    if !name.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        out.pop();
        return serde_json::to_writer(out, name);
    }
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    Ok(())
}

/// Writes `before` and the value.
fn member<T: Serialize + ?Sized>(out: &mut Vec<u8>, before: &str, value: &T) -> serde_json::Result<()> {
    out.extend_from_slice(before.as_bytes());
    serde_json::to_writer(out, value)
}

/// Puts JSON text on one line. Only a verbatim value can contain line ends, and only between tokens.
fn join_lines(mut text: &mut [u8]) {
    while let Some(at) = memchr2(b'\n', b'\r', text) {
        text[at] = b' ';
        text = &mut text[at + 1..];
    }
}
