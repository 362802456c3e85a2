//! Requests to a service, and its answers (Maelstrom: `service.clj`).
//!
//! A service takes everything that Maelstrom's takes. A field that is missing is `null`. The answer goes to the sender, with
//! the request's `msg_id` as its `in_reply_to`, whatever kind of value that is; without one it is `null`.

use crate::engine::{
    json::{Members, members, string},
    services::value::Value,
};
use glomers_protocol::{ErrorCode, Json, NodeId, Payload, RpcError};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A request.
pub(super) struct Request<'a> {
    pub(super) client: NodeId,
    /// The body's `type`, if it is a string.
    pub(super) kind: Cow<'a, str>,
    body: Members<'a>,
}

/// The answer to a request.
pub(super) type Reply = Result<Answer, RpcError>;

/// An answer that is no error.
pub(super) enum Answer {
    Read(Json),
    Write,
    Cas,
    Timestamp(i64),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl<'a> Request<'a> {
    /// Reads a line that the network delivers.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let Envelope { src, body } = serde_json::from_str(line).ok()?;
        let body = members(body)?;
        let kind = body.get("type").and_then(string).unwrap_or_default();
        Some(Self { client: NodeId::from(&*src), kind, body })
    }

    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Value {
        Value::of(self.body.get(name))
    }

    /// Tells whether a field counts as true: in Clojure, all but `null` and `false` does.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.body.get(name).is_some_and(|value| !matches!(value.get(), "null" | "false"))
    }

    /// Tells whether the sender can recognize an answer.
    pub(super) fn wants_answer(&self) -> bool {
        self.body.get("msg_id").is_some()
    }

    /// The line of an answer.
    pub(super) fn answer(&self, service: &NodeId, reply: &Reply) -> String {
        let (kind, field, value) = match reply {
            Ok(Answer::Read(value)) => ("read_ok", "value", value.clone()),
            Ok(Answer::Write) => ("write_ok", "", Json::null()),
            Ok(Answer::Cas) => ("cas_ok", "", Json::null()),
            Ok(Answer::Timestamp(ts)) => ("ts_ok", "ts", Json::from(*ts)),
            Err(error) => (RpcError::TYPE, "code", Json::from(error.code.number())),
        };
        let text = |text: &str| Json::from(text);
        let in_reply_to = self.body.get("msg_id").map_or("null", RawValue::get);
        let mut body = format!(r#""type":{},"in_reply_to":{in_reply_to}"#, text(kind));
        if !field.is_empty() {
            body.push_str(&format!(",{}:{value}", text(field)));
        }
        if let Err(RpcError { text: Some(reason), .. }) = reply {
            body.push_str(&format!(r#","text":{}"#, text(reason)));
        }
        let (src, dest) = (text(service.as_str()), text(self.client.as_str()));
        // A value that is kept as it was written may span lines, where JSON takes any white space.
        format!(r#"{{"src":{src},"dest":{dest},"body":{{{body}}}}}"#).replace(['\n', '\r'], " ")
    }

    /// The answer to a request of an unknown type. Maelstrom gives none, which leaves the sender with a timeout.
    pub(super) fn unknown(&self, service: &NodeId, known: &[&str]) -> RpcError {
        let text = format!("unknown type `{}`; {service} serves {}", self.kind, known.join(", "));
        RpcError::new(ErrorCode::NotSupported, text)
    }
}
