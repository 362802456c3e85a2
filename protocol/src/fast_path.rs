//! A reader for the form that nearly all lines have: no white space around the tokens but spaces before names and
//! values, names without escapes, integers of at most 18 digits. It takes a third of the instructions that `serde_json` takes.
//!
//! Everything else, valid or not, is left to `serde_json`: the whole line, or one value of its body. So errors are
//! described in one place only.

use crate::envelope::{Body, Envelope};
use serde::Deserialize;
use serde_json::{Deserializer, value::RawValue};
use std::borrow::Cow;

/// Reads a line; `None` if it has any other form.
pub(crate) fn parse(line: &str) -> Option<Envelope<'_>> {
    let mut scanner = Scanner { line, at: 0 };
    let envelope = scanner.envelope()?;
    (scanner.at == line.len()).then_some(envelope)
}

/// The bytes that end a name: its quote, and those that only `serde_json` reads, escapes and control characters.
const ENDS_NAME: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < b' ' {
        ends[byte as usize] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// The depth of nesting up to which values are skipped here, which bounds the stack.
const MAX_DEPTH: usize = 16;

struct Scanner<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn envelope(&mut self) -> Option<Envelope<'a>> {
        let (mut src, mut dest, mut body) = (None, None, None);
        self.members(|scanner, key| match key {
            "src" => fill(&mut src, scanner.name()?),
            "dest" => fill(&mut dest, scanner.name()?),
            "body" => fill(&mut body, scanner.body()?),
            _ => scanner.skip(),
        })?;
        Some(Envelope { src: Cow::Borrowed(src?), dest: Cow::Borrowed(dest?), body: body? })
    }

    fn body(&mut self) -> Option<Body<'a>> {
        let (mut wire_type, mut msg_id, mut in_reply_to) = (None, None, None);
        let (mut first, mut more) = (None, Vec::new());
        self.members(|scanner, key| match key {
            "type" => fill(&mut wire_type, scanner.name()?),
            "msg_id" => fill(&mut msg_id, scanner.integer()?),
            "in_reply_to" => fill(&mut in_reply_to, scanner.integer()?),
            _ => {
                let field = (Cow::Borrowed(key), scanner.value()?);
                if first.is_none() {
                    first = Some(field)
                } else {
                    more.push(field)
                }
                Some(())
            }
        })?;
        Some(Body { wire_type: Cow::Borrowed(wire_type?), msg_id, in_reply_to, first, more })
    }

    /// An object; `member` reads the value of each key.
    fn members(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        if self.peek()? != b'{' {
            self.spaces()?;
        }
        self.expect(b'{')?;
        loop {
            let key = self.name()?;
            self.expect(b':')?;
            member(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A string without escapes.
    fn name(&mut self) -> Option<&'a str> {
        if self.peek()? != b'"' {
            self.spaces()?;
        }
        self.expect(b'"')?;
        let bytes = self.line.as_bytes();
        let (start, mut at) = (self.at, self.at);
        while !ENDS_NAME[usize::from(*bytes.get(at)?)] {
            at += 1;
        }
        self.at = at;
        let name = self.line.get(start..at)?;
        self.expect(b'"')?;
        Some(name)
    }

    /// An integer of at most 18 digits, which cannot overflow.
    fn integer(&mut self) -> Option<i64> {
        if self.peek()? == b' ' {
            self.spaces()?;
        }
        let negative = self.peek()? == b'-';
        self.at += usize::from(negative);
        let rest = &self.line.as_bytes()[self.at..];
        let (mut count, mut number) = (0, 0);
        while let digit @ b'0'..=b'9' = *rest.get(count)? {
            if count == 18 {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            count += 1;
        }
        self.at += count;
        // Behind the digits there may be a fraction or an exponent.
        let whole = matches!(rest[count], b',' | b'}' | b']') && !matches!(rest[..count], [] | [b'0', _, ..]);
        // serde reads `-0` as a float.
        let whole = whole && !(negative && number == 0);
        whole.then_some(if negative { -number } else { number })
    }

    /// Any value, as text.
    fn value(&mut self) -> Option<&'a str> {
        if self.peek()? == b' ' {
            self.spaces()?;
        }
        let start = self.at;
        if self.pass(MAX_DEPTH).is_some() {
            return self.line.get(start..self.at);
        }
        let rest = &self.line[start..];
        if rest.starts_with([' ', '\t', '\r', '\n']) {
            return None;
        }
        let value = <&RawValue>::deserialize(&mut Deserializer::from_str(rest)).ok()?.get();
        self.at = start + value.len();
        Some(value)
    }

    /// Skips the value of an unknown key. Most are Maelstrom's message numbers, `id`.
    fn skip(&mut self) -> Option<()> {
        let start = self.at;
        if self.integer().is_none() {
            self.at = start;
            self.value()?;
        }
        Some(())
    }

    /// Skips a value in the common form: without white space, escapes and fractions.
    fn pass(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.name().map(drop),
            b'{' if depth > 0 => self.members(|scanner, _| scanner.pass(depth - 1)),
            b'[' if depth > 0 => self.elements(depth - 1),
            b' ' => {
                self.spaces()?;
                self.pass(depth)
            }
            b'n' => self.literal("null"),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            _ => self.integer().map(drop),
        }
    }

    /// Skips an array.
    fn elements(&mut self, depth: usize) -> Option<()> {
        self.expect(b'[')?;
        if self.peek()? == b']' {
            return self.expect(b']');
        }
        loop {
            self.pass(depth)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        let is_there = self.line.as_bytes()[self.at..].starts_with(text.as_bytes());
        self.at += text.len();
        is_there.then_some(())
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// Passes the spaces in front of something that does not begin here.
    #[cold]
    fn spaces(&mut self) -> Option<()> {
        let spaces = self.line.as_bytes()[self.at..].iter().take_while(|byte| **byte == b' ').count();
        self.at += spaces;
        (spaces > 0).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }
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
