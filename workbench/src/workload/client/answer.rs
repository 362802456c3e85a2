//! An answer, held to its request as Maelstrom's clients hold it (Maelstrom: `client.clj`, `check-body`).
//!
//! - The body of an `error` may have any form. A code that Maelstrom does not define, or none, makes it `unknown`.
//! - Of `init_ok` only the type counts.
//! - Any other body has the fields that its schema names and no others, and perhaps an integer `msg_id`.

use crate::{
    engine::json::{Members, is_integer, kind, members, string},
    workload::client::{
        error::ErrorAnswer,
        lenient::{Misfit, Object},
    },
};
use glomers_protocol::{
    ErrorCode, Json, Message, Payload, Request, RpcError,
    init::{Init, InitOk},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;
use std::{cell::Cell, marker::PhantomData};

/// The keys that belong to every body.
const RESERVED: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// The reason why an answer is no response.
pub(super) enum Refusal {
    /// It is an error.
    Error(ErrorAnswer),
    /// It does not have the form of a response.
    Misfit(Misfit),
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Misfit(error.into())
    }
}

/// A kind of request, and the form of its response. Only the decoding of a response is compiled for each kind.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// The request's `type`.
    pub(super) request: &'static str,
    /// The response's `type`.
    response: &'static str,
    /// The names of the response's fields.
    fields: fn() -> &'static [&'static str],
}

impl Form {
    /// The form of an `R`.
    pub(super) fn of<R: Request>() -> Self {
        Self { request: R::TYPE, response: R::Response::TYPE, fields: fields::<R::Response> }
    }

    /// The form of the response to the request with the number `msg_id`.
    pub(super) fn text(&self, msg_id: i64) -> String {
        let mut form = format!(r#"{{"type": "{}", "in_reply_to": {msg_id}"#, self.response);
        for field in (self.fields)() {
            form.push_str(&format!(r#", "{field}": ..."#));
        }
        form + "}"
    }

    fn is_init(&self) -> bool {
        self.request == Init::TYPE && self.response == InitOk::TYPE
    }
}

/// The envelope of a line that the network delivers.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    pub(super) src: String,
    #[serde(borrow)]
    pub(super) body: &'a RawValue,
}

/// Reads the line of an answer to an `R`.
pub(super) fn read<R: Request>(line: &str) -> Result<R::Response, Refusal> {
    if let Some(response) = plain(line, R::Response::TYPE).and_then(|message| message.payload().ok()) {
        return Ok(response);
    }
    let fields = fields_of(line, &Form::of::<R>())?;
    Ok(R::Response::deserialize(fields)?)
}

/// The fields of a line that is a response, except those that belong to every body.
fn fields_of<'a>(line: &'a str, form: &Form) -> Result<Object<'a>, Refusal> {
    let Envelope { body, .. } = serde_json::from_str(line)?;
    let body = members(body).unwrap_or_default();
    let expected = form.response;
    let Some(wire_type) = body.get("type") else {
        return Err(Misfit::of("type", format!("it is missing; expected `{expected}` or `error`")).into());
    };
    match string(wire_type).as_deref() {
        Some(RpcError::TYPE) => return Err(Refusal::Error(error(&body))),
        Some(wire_type) if wire_type == expected => {}
        _ => {
            let reason = format!("it is {}; expected `{expected}` or `error`", wire_type.get());
            return Err(Misfit::of("type", reason).into());
        }
    }
    if form.is_init() {
        return Ok(Object::new(Vec::new()));
    }
    if let Some(msg_id) = body.get("msg_id").filter(|msg_id| !is_integer(msg_id)) {
        return Err(Misfit::of("msg_id", format!("it is {}, not an integer", msg_id.get())).into());
    }
    let mut fields = body.into_vec();
    fields.retain(|(key, _)| !RESERVED.contains(&&**key));
    Ok(Object::new(fields))
}

/// Tells whether an `init_ok` has `"elsewhere": true`, by which a program says that it only stands in for a node.
pub(super) fn says_elsewhere(line: &str) -> bool {
    let body = serde_json::from_str::<Envelope<'_>>(line).ok().and_then(|envelope| members(envelope.body));
    body.and_then(|body| body.get("elsewhere").map(|value| value.get() == "true")).unwrap_or_default()
}

/// The message of a line, if it is a response of the form that nearly all have. The node library's reader is stricter than
/// Maelstrom's in all but one thing: it takes a `msg_id` that is `null`.
fn plain<'a>(line: &'a str, response: &str) -> Option<Message<'a>> {
    let message = Message::parse(line).ok().filter(|message| message.wire_type() == response)?;
    if message.msg_id().is_none() && line.contains("msg_id") {
        return None;
    }
    Some(message)
}

fn error(body: &Members<'_>) -> ErrorAnswer {
    let code = body.get("code");
    let number = code.filter(|code| is_integer(code)).and_then(|code| code.get().parse::<i64>().ok());
    let known = number.map(ErrorCode::from).filter(|code| !matches!(code, ErrorCode::Custom(_)));
    let json = |value: &RawValue| serde_json::from_str(value.get()).ok();
    ErrorAnswer {
        name: known.map_or("unknown", ErrorCode::name),
        is_definite: known.is_some_and(ErrorCode::is_definite),
        code: code.and_then(json),
        text: body.get("text").and_then(json).unwrap_or_else(Json::null),
    }
}

/// The `in_reply_to` of a body, or the reason why it has none that a client could use.
pub(super) fn in_reply_to(body: &Members<'_>) -> Result<i64, String> {
    match body.get("in_reply_to") {
        None => {
            let wire_type = body.get("type").map_or("a message without `type`", RawValue::get);
            Err(format!("{wire_type} has no in_reply_to"))
        }
        Some(value) if !is_integer(value) => {
            Err(format!("in_reply_to is {} ({}), not an integer", value.get(), kind(value)))
        }
        Some(value) => value.get().parse().map_err(|_| format!("in_reply_to is {}", value.get())),
    }
}

/// The names of a struct's fields.
fn fields<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    struct Names<'a>(&'a Cell<&'static [&'static str]>, PhantomData<()>);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(de::Error::custom("only names are asked for"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            self.0.set(fields);
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let names = Cell::new(&[] as &'static [&'static str]);
    // It fails by intent.
    let _ = T::deserialize(Names(&names, PhantomData));
    names.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glomers_protocol::{broadcast, echo::Echo, kafka::Poll, txn_list_append::Txn};
    use serde::Serialize;

    /// Reads an answer: the response as JSON, `error NAME TEXT`, or the misfit.
    fn answer<R: Request>(body: &str) -> String
    where
        R::Response: Serialize,
    {
        match read::<R>(&format!(r#"{{"src":"n0","dest":"c1","body":{body}}}"#)) {
            Ok(response) => serde_json::to_string(&response).unwrap(),
            Err(Refusal::Error(error)) => {
                format!("error {} {} {}", error.name, if error.is_definite { "definite" } else { "-" }, error.text)
            }
            Err(Refusal::Misfit(misfit)) => format!("{}| {misfit}", misfit.field()),
        }
    }

    #[track_caller]
    fn check<R: Request>(rows: &[(&str, &str)])
    where
        R::Response: Serialize,
    {
        for (body, expected) in rows {
            assert_eq!(answer::<R>(body), *expected, "{body}");
        }
    }

    #[test]
    fn an_answer_has_the_form_that_its_schema_names() {
        check::<Echo>(&[
            (r#"{"type":"echo_ok","in_reply_to":1,"echo":1.10}"#, r#"{"echo":1.10}"#),
            (r#"{"type":"echo_ok","in_reply_to":1,"msg_id":5,"echo":null}"#, r#"{"echo":null}"#),
            (r#"{"type":"x","type":"echo_ok","in_reply_to":1,"echo":1,"echo":2}"#, r#"{"echo":2}"#),
            (
                r#"{"type":"echo_ok","in_reply_to":1,"msg_id":null,"echo":1}"#,
                "msg_id| msg_id: it is null, not an integer",
            ),
            (
                r#"{"type":"echo_ok","in_reply_to":1,"msg_id":"7","echo":1}"#,
                r#"msg_id| msg_id: it is "7", not an integer"#,
            ),
            (
                r#"{"type":"echo_ok","in_reply_to":1,"msg_id":7.0,"echo":1}"#,
                "msg_id| msg_id: it is 7.0, not an integer",
            ),
            (r#"{"in_reply_to":1,"echo":1}"#, "type| type: it is missing; expected `echo_ok` or `error`"),
            (
                r#"{"type":"echo-ok","in_reply_to":1,"echo":1}"#,
                r#"type| type: it is "echo-ok"; expected `echo_ok` or `error`"#,
            ),
            (r#"{"type":null,"in_reply_to":1,"echo":1}"#, "type| type: it is null; expected `echo_ok` or `error`"),
            (r#"{"type":"echo_ok","in_reply_to":1}"#, "| missing field `echo`"),
            (r#"{"type":"echo_ok","in_reply_to":1,"echo":1,"debug":1}"#, "| unknown field `debug`, expected `echo`"),
        ]);
    }

    #[test]
    fn null_is_an_empty_list() {
        check::<broadcast::Read>(&[
            (r#"{"type":"read_ok","in_reply_to":1,"messages":null}"#, r#"{"messages":[]}"#),
            (r#"{"type":"read_ok","in_reply_to":1,"messages":[null,1.50]}"#, r#"{"messages":[null,1.50]}"#),
            (
                r#"{"type":"read_ok","in_reply_to":1,"messages":{"1":true}}"#,
                "messages| messages: invalid type: map, expected a sequence",
            ),
        ]);
        check::<Poll>(&[
            (r#"{"type":"poll_ok","in_reply_to":1,"msgs":{"a":null,"b":[[1,2]]}}"#, r#"{"msgs":{"a":[],"b":[[1,2]]}}"#),
            (
                r#"{"type":"poll_ok","in_reply_to":1,"msgs":{"a":[[1,2],["0",2]]}}"#,
                r#"msgs| msgs.a[1][0]: invalid type: string "0", expected i64"#,
            ),
            (r#"{"type":"poll_ok","in_reply_to":1,"msgs":null}"#, "msgs| msgs: invalid type: null, expected a map"),
        ]);
        check::<Txn>(&[
            (r#"{"type":"txn_ok","in_reply_to":1,"txn":null}"#, r#"{"txn":[]}"#),
            (r#"{"type":"txn_ok","in_reply_to":1,"txn":[["r",1,null]]}"#, r#"{"txn":[["r",1,null]]}"#),
        ]);
    }

    #[test]
    fn only_the_type_of_init_ok_counts() {
        check::<Init>(&[
            (r#"{"type":"init_ok","in_reply_to":1,"msg_id":null,"node_id":"n0"}"#, "{}"),
            (r#"{"type":"ok","in_reply_to":1}"#, r#"type| type: it is "ok"; expected `init_ok` or `error`"#),
        ]);
    }

    #[test]
    fn an_error_may_have_any_form() {
        check::<Echo>(&[
            (r#"{"type":"error","in_reply_to":1,"code":22,"text":"no"}"#, r#"error precondition-failed definite "no""#),
            (r#"{"type":"error","in_reply_to":1,"code":13}"#, "error crash - null"),
            (r#"{"type":"error","in_reply_to":1,"text":"oops"}"#, r#"error unknown - "oops""#),
            (r#"{"type":"error","in_reply_to":1,"code":999,"text":[1],"more":1}"#, "error unknown - [1]"),
            (r#"{"type":"error","in_reply_to":1,"code":"13","text":"oops"}"#, r#"error unknown - "oops""#),
            (r#"{"type":"error","in_reply_to":1,"code":13.0,"msg_id":null}"#, "error unknown - null"),
        ]);
    }

    #[test]
    fn the_expected_form_names_the_fields() {
        assert_eq!(Form::of::<Echo>().text(3), r#"{"type": "echo_ok", "in_reply_to": 3, "echo": ...}"#);
        assert_eq!(Form::of::<Init>().text(1), r#"{"type": "init_ok", "in_reply_to": 1}"#);
    }
}
