//! Messages as nodes write them. Of a message's body only the fields that a bridge needs are read; it is passed on byte for
//! byte.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::borrow::Cow;

/// A message.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) dest: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) body: &'a RawValue,
}

/// The fields that each body may have.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Head {
    pub(crate) msg_id: Option<i64>,
    pub(crate) in_reply_to: Option<i64>,
}

impl<'a> Message<'a> {
    pub(crate) fn read(line: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(line)
    }

    pub(crate) fn head(&self) -> Head {
        serde_json::from_str(self.body.get()).unwrap_or_default()
    }
}

/// The line of a message.
pub(crate) fn line(src: &str, dest: &str, body: &Value) -> String {
    json!({ "src": src, "dest": dest, "body": body }).to_string()
}

/// Maelstrom's error codes, as far as a bridge uses them (Maelstrom: `doc/protocol.md`).
pub(crate) mod code {
    /// Nobody knows whether it happened.
    pub(crate) const TIMEOUT: u32 = 0;
    pub(crate) const NOT_SUPPORTED: u32 = 10;
    /// It did not happen.
    pub(crate) const TEMPORARILY_UNAVAILABLE: u32 = 11;
    /// It did not happen.
    pub(crate) const MALFORMED_REQUEST: u32 = 12;
    /// Nobody knows whether it happened.
    pub(crate) const CRASH: u32 = 13;
    pub(crate) const KEY_DOES_NOT_EXIST: u32 = 20;
    pub(crate) const PRECONDITION_FAILED: u32 = 22;
}

/// The body of an error.
pub(crate) fn error(code: u32, text: &str, in_reply_to: Option<i64>) -> Value {
    json!({ "type": "error", "code": code, "text": text, "in_reply_to": in_reply_to })
}

/// A message that NATS does not carry because it is too long: the error that takes its place, if somebody waits.
///
/// A request is refused to its sender: it was not sent, which error 12 says. Instead of a reply, the receiver gets error 13,
/// because what it asked for may have happened. Returns the id of the node or client that gets the error, and its body.
pub(crate) fn too_long(message: &Message<'_>, length: usize, limit: usize) -> Option<(String, Value)> {
    let text = format!(
        "a message of {length} bytes from {} to {} is longer than the {limit} bytes that NATS carries; make it shorter, or \
         raise max_payload in the servers' configuration",
        message.src, message.dest
    );
    eprintln!("bridge: {text}");
    let head = message.head();
    match (head.in_reply_to, head.msg_id) {
        (Some(request), _) => Some((message.dest.to_string(), error(code::CRASH, &text, Some(request)))),
        (None, Some(request)) => Some((message.src.to_string(), error(code::MALFORMED_REQUEST, &text, Some(request)))),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Option<(&str, u32)>) {
        let line = format!(r#"{{"src":"n1","dest":"c2","body":{body}}}"#);
        let found = too_long(&Message::read(&line).unwrap(), 9, 8);
        let found = found.as_ref().map(|(to, error)| (to.as_str(), error["code"].as_u64().unwrap() as u32));
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn the_one_that_waits_for_a_long_message_gets_an_error() {
        check(r#"{"type":"echo","msg_id":1}"#, Some(("n1", code::MALFORMED_REQUEST)));
        check(r#"{"type":"echo_ok","in_reply_to":1}"#, Some(("c2", code::CRASH)));
        check(r#"{"type":"echo_ok","in_reply_to":1,"msg_id":2}"#, Some(("c2", code::CRASH)));
        check(r#"{"type":"gossip"}"#, None);
    }
}
