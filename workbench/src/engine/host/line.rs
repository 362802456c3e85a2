//! A line of a hosted node's stdout, read as Maelstrom reads it (Maelstrom: `process.clj`, `net.clj`): an object with `src`,
//! `dest` and perhaps `body` and an integer `id`, and nothing else.
//!
//! Bytes that are not UTF-8 are replaced, of equal keys the last counts, and a missing body is an empty one. The body itself
//! goes on byte for byte, where Maelstrom writes it anew: a receiver may see `1.10` here, and `1.1` there.

use crate::engine::{
    json::{escape_controls, first_value, is_integer, kind, members, reason, string},
    violation::shown,
};
use glomers_protocol::NodeId;
use serde::Serialize;
use serde_json::value::RawValue;

/// The byte order mark, decoded.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A message that a node wrote.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) src: NodeId,
    pub(crate) dest: NodeId,
    /// The message as it goes over the network, without a number of the node's own.
    pub(crate) text: Box<str>,
    /// The text behind it on the same line, which is ignored.
    pub(crate) rest: Option<String>,
}

impl Line {
    /// Reads a line; the error is the reason why it is not a message.
    pub(crate) fn read(line: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(line);
        match Self::parse(&text) {
            Err(why) => match escape_controls(&text) {
                Some(escaped) => Self::parse(&escaped).map_err(|_| why),
                None => Err(why),
            },
            line => line,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with(BYTE_ORDER_MARK) {
            return Err("it begins with a byte order mark (EF BB BF); write UTF-8 without one".to_owned());
        }
        let found = first_value(text).map_err(|error| shown(&reason(&error)))?;
        let (value, rest) = found.ok_or("it is empty")?;
        let mut members = members(value).ok_or_else(|| format!("it is {}, not an object", kind(value)))?;
        let src = name("src", members.remove("src"))?;
        let dest = name("dest", members.remove("dest"))?;
        let body = body(members.remove("body"))?;
        if let Some(id) = members.remove("id").filter(|id| !is_integer(id)) {
            return Err(format!("`id` is {}, not an integer", shown(id.get())));
        }
        if let Some((key, _)) = members.as_slice().first() {
            return Err(format!("`{}` is not allowed beside `src`, `dest`, `body` and `id`", shown(key)));
        }
        let envelope = Envelope { src: &src, dest: &dest, body };
        let text = serde_json::to_string(&envelope).expect("strings and JSON have a JSON form").into();
        let rest = rest.trim();
        Ok(Self {
            src: src.as_str().into(),
            dest: dest.as_str().into(),
            text,
            rest: (!rest.is_empty()).then(|| rest.to_owned()),
        })
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    src: &'a str,
    dest: &'a str,
    body: &'a RawValue,
}

fn name(key: &str, value: Option<&RawValue>) -> Result<String, String> {
    let value = value.ok_or_else(|| format!("`{key}` is missing"))?;
    let name = string(value).ok_or_else(|| format!("`{key}` is {}, not a string", shown(value.get())))?;
    Ok(name.into_owned())
}

/// The body: an object, or one of the forms that Maelstrom takes for an empty one.
fn body(value: Option<&RawValue>) -> Result<&RawValue, String> {
    let empty = serde_json::from_str("{}").expect("it is an object");
    match value {
        None => Ok(empty),
        Some(body) if body.get().starts_with('{') => Ok(body),
        Some(body) if body.get() == "null" || is_empty_list(body) => Ok(empty),
        Some(body) => Err(format!("`body` is {}, not an object", shown(body.get()))),
    }
}

fn is_empty_list(value: &RawValue) -> bool {
    serde_json::from_str::<Vec<&RawValue>>(value.get()).is_ok_and(|items| items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn taken(line: &[u8], expected: &str) {
        let line = Line::read(line).unwrap();
        assert_eq!((&*line.text, line.rest), (expected, None));
    }

    #[track_caller]
    fn refused(line: &str, expected: &str) {
        assert_eq!(Line::read(line.as_bytes()).map(|line| line.text).unwrap_err(), expected, "{line}");
    }

    #[test]
    fn lines_that_maelstrom_takes_are_taken() {
        let rows: [(&[u8], &str); 10] = [
            (br#"{"src":"n1","dest":"c1","body":{"a": 1.10}}"#, r#"{"src":"n1","dest":"c1","body":{"a": 1.10}}"#),
            (br#" {"id": 7, "body": {}, "dest": "c1", "src": "n1"} "#, r#"{"src":"n1","dest":"c1","body":{}}"#),
            (br#"{"src":"n1","dest":"c1"}"#, r#"{"src":"n1","dest":"c1","body":{}}"#),
            (br#"{"src":"n1","dest":"c1","body":null}"#, r#"{"src":"n1","dest":"c1","body":{}}"#),
            (br#"{"src":"n1","dest":"c1","body":[]}"#, r#"{"src":"n1","dest":"c1","body":{}}"#),
            (br#"{"src":"x","src":"n1","dest":"c1","body":{}}"#, r#"{"src":"n1","dest":"c1","body":{}}"#),
            (br#"{"src":"n1","dest":"c1","body":{"a":1,"a":2}}"#, r#"{"src":"n1","dest":"c1","body":{"a":1,"a":2}}"#),
            (
                br#"{"src":"n1","dest":"c1","body":{},"id":123456789012345678901}"#,
                r#"{"src":"n1","dest":"c1","body":{}}"#,
            ),
            (
                b"{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"a\":\"\xff\"}}",
                "{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"a\":\"\u{fffd}\"}}",
            ),
            (
                b"{\"src\":\"n1\",\"dest\":\"c1\",\"body\":{\"a\":\"\t\"}}",
                r#"{"src":"n1","dest":"c1","body":{"a":"\u0009"}}"#,
            ),
        ];
        rows.iter().for_each(|(line, expected)| taken(line, expected));
    }

    #[test]
    fn text_behind_a_message_is_told() {
        let line = Line::read(br#"{"src":"n1","dest":"c1","body":{}} {"src":"n1"}"#).unwrap();
        assert_eq!(line.rest.as_deref(), Some(r#"{"src":"n1"}"#));
    }

    #[test]
    fn the_reason_of_a_refusal_is_plain() {
        refused("", "it is empty");
        refused("null", "it is null, not an object");
        refused("7", "it is a number, not an object");
        refused(r#"["n1","c1",{}]"#, "it is a list, not an object");
        refused("Starting", "expected value at column 1");
        refused(r#"{"src":"#, "EOF while parsing a value at column 7");
        refused("\u{feff}{}", "it begins with a byte order mark (EF BB BF); write UTF-8 without one");
        refused(r#"{"dest":"c1","body":{}}"#, "`src` is missing");
        refused(r#"{"src":1,"dest":"c1","body":{}}"#, "`src` is 1, not a string");
        refused(r#"{"src":"n1","dest":null,"body":{}}"#, "`dest` is null, not a string");
        refused(r#"{"src":"n1","dest":"c1","body":{},"id":null}"#, "`id` is null, not an integer");
        refused(r#"{"src":"n1","dest":"c1","body":{},"id":1.0}"#, "`id` is 1.0, not an integer");
        refused(r#"{"src":"n1","dest":"c1","body":[1]}"#, "`body` is [1], not an object");
        refused(
            r#"{"src":"n1","dest":"c1","body":{},"ts":1}"#,
            "`ts` is not allowed beside `src`, `dest`, `body` and `id`",
        );
    }

    #[test]
    fn a_reason_is_short_and_does_nothing_to_a_terminal() {
        let long = "x".repeat(1_000_000);
        let rows = [
            format!("\u{1b}]0;title\u{7}{long}"),
            format!(r#"{{"src":"n1","dest":"c1","body":"{long}"}}"#),
            format!("{{\"src\":\"n1\",\"dest\":\"c1\",\"\u{1b}{long}\":1}}"),
            format!(r#"{{"src":"n1","dest":"c1","\u001b{long}":{{}}}}"#),
        ];
        for line in rows {
            let text = Line::read(line.as_bytes()).unwrap_err();
            assert!(text.len() < 3000, "{}", text.len());
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}
