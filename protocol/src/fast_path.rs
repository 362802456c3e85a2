//! A reader for the form that nearly all lines have: no white space around the tokens but spaces before names and
//! values, names without escapes, integers of at most 18 digits. It takes a third of the instructions that `serde_json` takes.
//!
//! Everything else, valid or not, is left to `serde_json`: the whole line, or one value of its body. So errors are
//! described in one place only.

use crate::{
    envelope::{Body, Envelope},
    repeated::{LARGE, end_of_large},
};
use glomers_json::{plain_string, plain_value};
use serde::Deserialize;
use serde_json::{Deserializer, value::RawValue};
use std::borrow::Cow;

/// Reads a line; `None` if it has any other form.
pub(crate) fn parse(line: &str) -> Option<Envelope<'_>> {
    let mut scanner = Scanner { rest: line };
    let envelope = scanner.envelope()?;
    scanner.rest.is_empty().then_some(envelope)
}

// The small functions are inlined, so that the position stays in a register.
struct Scanner<'a> {
    /// The part of the line that has not been read.
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn envelope(&mut self) -> Option<Envelope<'a>> {
        let (mut src, mut dest, mut read) = (None, None, None);
        // It is filled in place, because moving a body takes many instructions.
        let mut body = Body::default();
        self.open()?;
        loop {
            match self.first_letter()? {
                b's' if self.pass("\"src\":") => fill(&mut src, self.name()?)?,
                b'd' if self.pass("\"dest\":") => fill(&mut dest, self.name()?)?,
                b'b' if self.pass("\"body\":") => fill(&mut read, self.body(&mut body)?)?,
                // Maelstrom's number of the message.
                b'i' if self.pass("\"id\":") => self.value().map(drop)?,
                _ => self.key().and_then(|_| self.value()).map(drop)?,
            }
            if !self.goes_on()? {
                break;
            }
        }
        read?;
        Some(Envelope { src: Cow::Borrowed(src?), dest: Cow::Borrowed(dest?), body })
    }

    #[inline]
    fn body(&mut self, body: &mut Body<'a>) -> Option<()> {
        let mut wire_type = None;
        self.open()?;
        loop {
            match self.first_letter()? {
                b't' if self.pass("\"type\":") => fill(&mut wire_type, self.name()?)?,
                b'm' if self.pass("\"msg_id\":") => fill(&mut body.msg_id, self.integer()?)?,
                b'i' if self.pass("\"in_reply_to\":") => fill(&mut body.in_reply_to, self.integer()?)?,
                _ => body.fields.push((Cow::Borrowed(self.key()?), self.value()?)),
            }
            if !self.goes_on()? {
                break;
            }
        }
        body.wire_type = Cow::Borrowed(wire_type?);
        Some(())
    }

    /// The beginning of an object that has members.
    #[inline(always)]
    fn open(&mut self) -> Option<()> {
        self.spaces();
        self.expect("{")?;
        self.spaces();
        Some(())
    }

    /// Passes what follows a member: true if another one comes, false at the end of the object.
    #[inline(always)]
    fn goes_on(&mut self) -> Option<bool> {
        if self.pass(",") {
            self.spaces();
            return Some(true);
        }
        self.expect("}").map(|()| false)
    }

    /// The first letter of the key that comes next, behind its quote.
    #[inline(always)]
    fn first_letter(&self) -> Option<u8> {
        self.rest.as_bytes().get(1).copied()
    }

    /// A key and its colon.
    #[inline(always)]
    fn key(&mut self) -> Option<&'a str> {
        let key = self.name()?;
        self.expect(":")?;
        Some(key)
    }

    /// A string without escapes.
    #[inline(always)]
    fn name(&mut self) -> Option<&'a str> {
        self.spaces();
        self.expect("\"")?;
        let end = plain_string(self.rest.as_bytes(), 0)?;
        self.split(end)?.strip_suffix('"')
    }

    /// An integer of at most 18 digits, which cannot overflow.
    #[inline(always)]
    fn integer(&mut self) -> Option<i64> {
        self.spaces();
        let (number, length) = short_integer(self.rest.as_bytes())?;
        self.split(length)?;
        Some(number)
    }

    /// Any value, as text.
    #[inline(always)]
    fn value(&mut self) -> Option<&'a str> {
        self.spaces();
        let end = match self.rest.len() {
            ..LARGE => plain_value(self.rest.as_bytes(), 0),
            _ => end_of_large(self.rest),
        };
        let end = match end {
            Some(end) => end,
            None => end_of_other(self.rest)?,
        };
        self.split(end)
    }

    /// Passes the text up to `end`, and returns it.
    #[inline(always)]
    fn split(&mut self, end: usize) -> Option<&'a str> {
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        Some(text)
    }

    #[inline(always)]
    fn expect(&mut self, text: &str) -> Option<()> {
        self.pass(text).then_some(())
    }

    /// Passes the spaces in front of a name or a value.
    #[inline(always)]
    fn spaces(&mut self) {
        while self.pass(" ") {}
    }

    /// Passes a text, if it comes next.
    #[inline(always)]
    fn pass(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// The end of any other value at the beginning of a text, as serde reads it.
#[cold]
fn end_of_other(text: &str) -> Option<usize> {
    if text.starts_with([' ', '\t', '\r', '\n']) {
        return None;
    }
    let value = <&RawValue>::deserialize(&mut Deserializer::from_str(text)).ok()?;
    Some(value.get().len())
}

/// The integer at the beginning of a text, and its length. Behind it the text or the value ends. One of more than 18 digits, which may
/// overflow, is left to serde, as is `-0`, which is a float there.
pub(crate) fn short_integer(text: &[u8]) -> Option<(i64, usize)> {
    let sign = usize::from(*text.first()? == b'-');
    let (mut number, mut length) = (0_i64, sign);
    while let Some(byte @ b'0'..=b'9') = text.get(length) {
        number = number.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
        length += 1;
    }
    let has_form = match length - sign {
        1 => sign == 0 || number != 0,
        2..=18 => text[sign] != b'0',
        _ => false,
    };
    let ends = matches!(text.get(length), None | Some(b',' | b']' | b'}'));
    (has_form && ends).then_some((if sign == 1 { number.wrapping_neg() } else { number }, length))
}

/// Keeps the value of a key that may occur once.
fn fill<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope;
    use proptest::{collection::vec, prelude::*, sample::select};

    /// Returns true if the line is read here, after checking that serde reads the same.
    fn is_plain(line: &str) -> bool {
        let Some(read) = parse(line) else { return false };
        let expected = envelope::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(format!("{read:?}"), format!("{expected:?}"), "{line}");
        true
    }

    #[test]
    fn the_common_form_is_read() {
        let lines = [
            r#"{"src":"c1","dest":"n1","body":{"type":"read"}}"#,
            r#"{"src": "c1", "dest": "n1", "body": {"type": "txn", "msg_id": 1, "txn": [["r", 1, null], {"a": 1}]}}"#,
            r#"{"id":7,"src":"c1","dest":"n1","body":{"msg_id":1,"type":"echo","echo":"Please\n \"echo\" 95"}}"#,
            r#"{"body":{"in_reply_to":-5,"code":20,"type":"é","text":[ 1, {} ]},"x":null,"dest":"","src":"n1"}"#,
            r#"{"src":"c1","dest":"n1","body":{"type":"t","msg_id":999999999999999999,"a":1.5,"b":-1e400}}"#,
        ];
        for line in lines {
            assert!(is_plain(line), "{line}");
        }
        let deep = format!("{}{}", "[".repeat(99), "]".repeat(99));
        let values =
            [r#"[["r",1,null],["w","é",[-2,true,false]]]"#, r#"{"a":{},"a":[],"b":"\n"}"#, "[ 1.5e3]", "[-0]", &deep];
        for value in values {
            let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"t","a":{value},"b":{value}}}}}"#);
            assert!(is_plain(&line), "{line}");
        }
    }

    #[test]
    fn other_forms_and_errors_are_left_to_serde() {
        let bodies = [
            "{}",
            r#"{"type" :"read"}"#,
            r#"{"type":"read" ,"a":1}"#,
            r#"{"type":"read" }"#,
            "{\"type\":\t\"read\"}",
            r#"{"type":"r\u0065ad"}"#,
            "{\"type\":\"r\tead\"}",
            r#"{"type":"read","type":"read"}"#,
            r#"{"type":"read","msg_id":null}"#,
            r#"{"type":"read","msg_id":01}"#,
            r#"{"type":"read","msg_id":-}"#,
            r#"{"type":"read","msg_id":-0}"#,
            r#"{"type":"read","msg_id":1.0}"#,
            r#"{"type":"read","msg_id":1e2}"#,
            r#"{"type":"read","msg_id":9223372036854775808}"#,
            r#"{"type":"read","msg_id":-9223372036854775808}"#,
            r#"{"type":"read","msg_id":1}}"#,
            r#"{"type":"read","a":}"#,
            r#"{"type":"read","a":1x}"#,
            r#"{"type":"read","a":[1,]}"#,
            r#"{"type":"read","a":[1 2]}"#,
            r#"{"type":"read","a":[01]}"#,
            r#"{"type":"read","a":[nul]}"#,
            r#"{"type":"read","a":[[]}"#,
            r#"{"type":"read","a":{"b":1]}"#,
            r#"{"type":"read","a":{1:2}}"#,
            r#"{"type":"read","a":[tr"#,
            r#"{"type":"read",}"#,
            r#"{"type":"read""#,
            r#""read""#,
        ];
        for body in bodies {
            assert!(!is_plain(&format!(r#"{{"src":"c1","dest":"n1","body":{body}}}"#)), "{body}");
        }
        for line in
            ["", "{", "[]", r#"{"src":"c1","dest":"n1"}"#, r#"{"src":"c1","src":"c1","dest":"n1","body":{"type":"x"}}"#]
        {
            assert!(!is_plain(line), "{line}");
        }
    }

    /// Pieces of lines that often fit together.
    fn pieces() -> impl Strategy<Value = String> {
        let pieces = [
            r#"{"src":"c1","dest":"n1","body":{"type":"read","#,
            r#""msg_id":1"#,
            r#""in_reply_to":-20"#,
            r#""echo":"#,
            r#""a":[1,{"b":"\\\""}]"#,
            r#""b":[["w",-7,true]]"#,
            r#""id":12345678901234567890"#,
            ",",
            ",",
            ":",
            "}",
            "}}",
            "{",
            "[",
            "]",
            "null",
            "-",
            "0",
            "1",
            "1e5",
            ".5",
            "\"",
            "\\",
            " ",
            "é",
            "\u{1}",
            "\"\"",
        ];
        vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn serde_reads_the_same(pieces in pieces(), closed in any::<bool>()) {
            is_plain(&pieces);
            let end = if closed { "}}" } else { "" };
            is_plain(&format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"read",{pieces}{end}"#));
            is_plain(&format!(r#"{{"src":"c1",{pieces},"dest":"n1","body":{{"type":"read"}}}}"#));
        }
    }
}
