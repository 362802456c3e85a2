//! The tokens of nearly all texts, in the form in which Clojure prints them: one space or comma and space between two,
//! names in ASCII, strings without escapes. They are read several times as fast as by looking for every form.

use crate::{
    bytes::{Class, class},
    reader::{Bracket, Reader},
};

/// A token in its common form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plain<'a> {
    /// The beginning of a vector or a map.
    Open(Bracket),
    /// The end of something.
    Close(u8),
    /// A keyword without its first colon: ASCII without backslashes and control characters.
    Keyword(&'a str),
    /// A string in its quotation marks, without backslashes and ASCII control characters.
    String(&'a str),
    /// An integer of any length, as JSON writes it, too.
    Integer(&'a str),
    /// `nil`.
    Nil,
}

impl<'a> Reader<'a> {
    /// The next token if it is plain, and behind it something by which it ends. Otherwise nothing is read.
    #[inline]
    pub fn plain(&mut self) -> Option<Plain<'a>> {
        self.plain_if(|_| true)
    }

    /// Like [`plain`](Self::plain), but a token that is not wanted is not read.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the call is one of several in a loop over all tokens")]
    pub fn plain_if(&mut self, is_wanted: impl FnOnce(&Plain<'a>) -> bool) -> Option<Plain<'a>> {
        let text = self.rest();
        let bytes = text.as_bytes();
        let start = match *bytes {
            [b',', b' ', ..] => 2,
            [b' ' | b'\n', ..] => 1,
            _ => 0,
        };
        let first = *bytes.get(start)?;
        let (plain, end) = match first {
            b':' => {
                let end = name_end(bytes, start + 1)?;
                (Plain::Keyword(text.get(start + 1..end)?), end)
            }
            b'0'..=b'9' | b'-' => {
                let end = integer_end(bytes, start)?;
                (Plain::Integer(text.get(start..end)?), end)
            }
            b'"' => {
                let end = string_end(bytes, start + 1)?;
                (Plain::String(text.get(start..end)?), end)
            }
            b'[' => (Plain::Open(Bracket::Vector), start + 1),
            b'{' => (Plain::Open(Bracket::Map), start + 1),
            b']' | b'}' | b')' => (Plain::Close(first), start + 1),
            b'n' if bytes[start..].starts_with(b"nil") && ends_token(*bytes.get(start + 3)?) => (Plain::Nil, start + 3),
            _ => return None,
        };
        if !is_wanted(&plain) {
            return None;
        }
        self.take(start, end);
        Some(plain)
    }
}

fn ends_token(byte: u8) -> bool {
    matches!(class(byte), Class::Space | Class::Delimiter)
}

/// The end of a name that begins here and has at least one character.
fn name_end(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().position(|byte| class(*byte) != Class::Other)?;
    (length > 0 && ends_token(bytes[start + length])).then_some(start + length)
}

/// The end of an integer that begins here and has its shortest form.
fn integer_end(bytes: &[u8], start: usize) -> Option<usize> {
    let digits = start + usize::from(bytes[start] == b'-');
    let length = bytes[digits..].iter().position(|byte| !byte.is_ascii_digit())?;
    let is_shortest = length == 1 && digits == start || length > 0 && bytes[digits] != b'0';
    (is_shortest && ends_token(bytes[digits + length])).then_some(digits + length)
}

/// The end of a string whose content begins here, behind the quotation mark.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes[start..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
    (bytes[start + length] == b'"').then_some(start + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{DEEPEST, Token};

    fn plain(text: &str) -> Option<(Plain<'_>, &str)> {
        let mut reader = Reader::new(text);
        reader.plain().map(|plain| (plain, reader.rest()))
    }

    #[test]
    fn common_forms() {
        for (text, expected, rest) in [
            (":a/b? 1", Plain::Keyword("a/b?"), " 1"),
            (", :a}", Plain::Keyword("a"), "}"),
            (" -12]", Plain::Integer("-12"), "]"),
            ("\n0,", Plain::Integer("0"), ","),
            ("\"é;[\"", Plain::String("\"é;[\""), ""),
            ("[[", Plain::Open(Bracket::Vector), "["),
            ("nil)", Plain::Nil, ")"),
            ("}", Plain::Close(b'}'), ""),
        ] {
            assert_eq!(plain(text), Some((expected, rest)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_reader() {
        for text in [
            "", ":a", ": ", ":é ", ":a\\b ", "  1 ", "01 ", "-0 ", "1", "1.5 ", "1N ", "-", "- ", "\"a\\n\"",
            "\"a\n\"", "\"a", "nil", "nilly ", "true ", "#{", "(", ";", "^a ", ",1 ",
        ] {
            assert_eq!(plain(text), None, "{text}");
            assert_eq!(Reader::new(text).at(), 0);
        }
    }

    #[test]
    fn what_is_plain_is_what_the_reader_finds() {
        for text in [":a/b? 1", ", :a}", " -12]", "\n0,", "\"é;[\"", "[[", "nil)", "}"] {
            let (mut fast, mut full) = (Reader::new(text), Reader::new(text));
            let (plain, token) = (fast.plain().unwrap(), full.form(DEEPEST).unwrap());
            assert_eq!((fast.start(), fast.at()), (full.start(), full.at()), "{text}");
            let is_same = match (plain, token) {
                (Plain::Open(plain), Token::Open(token)) => plain == token,
                (Plain::Close(plain), Token::Close(token)) => char::from(plain) == token,
                (Plain::Keyword(plain), Token::Keyword(token)) => plain == token,
                (Plain::String(plain), Token::String(token)) => plain[1..plain.len() - 1] == *token.raw,
                (Plain::Integer(plain), Token::Number(token)) => plain == token.to_string(),
                (Plain::Nil, Token::Nil) => true,
                _ => false,
            };
            assert!(is_same, "{text}: {plain:?}");
        }
    }
}
