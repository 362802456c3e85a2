//! Outgoing messages, encoded one behind the other into a single buffer: no allocation a message, and one write for
//! many of them.

use crate::NodeId;
use memchr::memchr2;
use serde::Serialize;

#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// Where each line ends, and to whom it goes.
    lines: Vec<(NodeId, usize)>,
}

/// Above this, an empty buffer gives its memory back.
const KEEP_BYTES: usize = 256 * 1024;

#[derive(Serialize)]
struct Line<'a, T> {
    src: &'a str,
    dest: &'a str,
    body: Body<'a, T>,
}

#[derive(Serialize)]
pub(crate) struct Body<'a, T> {
    #[serde(rename = "type")]
    pub(crate) wire_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) msg_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_reply_to: Option<i64>,
    #[serde(flatten)]
    pub(crate) payload: &'a T,
}

impl Outbox {
    /// Encodes a message at the end.
    ///
    /// # Panics
    ///
    /// The payload is no JSON object, which is a bug in its type; nothing of it is kept.
    pub(crate) fn push<T: Serialize>(&mut self, src: &str, dest: &str, body: Body<'_, T>) {
        let start = self.bytes.len();
        let wire_type = body.wire_type;
        if let Err(error) = serde_json::to_writer(&mut self.bytes, &Line { src, dest, body }) {
            self.bytes.truncate(start);
            panic!("the payload of `{wire_type}` has no form as a JSON object: {error}");
        }
        join_lines(&mut self.bytes[start..]);
        self.bytes.push(b'\n');
        self.lines.push((NodeId::from(dest), self.bytes.len()));
    }

    /// All lines, each with its newline.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each line without its newline, and to whom it goes.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&NodeId, &str)> {
        let mut start = 0;
        self.lines.iter().map(move |(dest, end)| {
            let line = &self.bytes[start..end - 1];
            start = *end;
            (dest, std::str::from_utf8(line).expect("JSON is UTF-8"))
        })
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
        self.bytes.shrink_to(KEEP_BYTES);
        self.lines.shrink_to(KEEP_BYTES / size_of::<(NodeId, usize)>());
    }
}

/// Puts JSON text on one line. A value that is kept verbatim may have been read from several; there, line ends stand
/// between tokens only.
fn join_lines(mut text: &mut [u8]) {
    while let Some(at) = memchr2(b'\n', b'\r', text) {
        text[at] = b' ';
        text = &mut text[at + 1..];
    }
}
