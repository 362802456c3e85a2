//! EDN to JSON text, token by token: keywords and symbols become strings, sets and lists arrays, tagged forms and
//! metadata what they are about. The order of a map's keys and of a set's elements says nothing in EDN, so they are
//! sorted: equal values become equal texts.

use crate::order::sort_by;
use glomers_edn::{Bracket, Error, Kind, Number, Plain, Problem, Reader, Token, qualified};
use std::{cmp::Ordering, io::Write, str};

/// The greatest depth of keys. The text of a key that is not a string is quoted, and keys inside it are quoted again,
/// so each level may double the length.
const DEEPEST_KEY: usize = 8;

/// The kind of a form, in the order in which forms of several kinds are sorted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
enum Rank {
    Vector,
    Set,
    Map,
    List,
    Keyword,
    Symbol,
    String,
    Integer,
    Tagged,
    Double,
    Ratio,
    Decimal,
    Char,
    Bool,
    Nil,
}

/// An element of a set or an entry of a map in the text that was written.
#[derive(Debug)]
struct Entry {
    rank: Rank,
    start: usize,
    /// The end of the element or of the entry's key.
    key_end: usize,
    end: usize,
}

/// Writes JSON. It has no state between two values but the memory that it reuses.
#[derive(Debug, Default)]
pub(crate) struct Transcriber {
    /// Those of all sets and maps that are open.
    entries: Vec<Entry>,
    sorted: Vec<u8>,
}

impl Transcriber {
    /// Appends the form of which the first token was read.
    pub(crate) fn value(&mut self, reader: &mut Reader<'_>, token: Token<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        self.entries.clear();
        self.push(reader, token, reader.deepest(), out).map(drop)
    }

    fn push(
        &mut self,
        reader: &mut Reader<'_>,
        token: Token<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<Rank, Error> {
        match token {
            Token::Open(bracket) => self.push_all(reader, bracket, depth, out),
            Token::Namespace(namespace) => {
                reader.form(depth)?;
                self.push_map(reader, Some(namespace), reader.deeper(depth)?, out)?;
                Ok(Rank::Map)
            }
            Token::Tag(_) => {
                let deeper = reader.deeper(depth)?;
                let token = reader.needed("a form after a tag", deeper)?;
                self.push(reader, token, deeper, out)?;
                Ok(Rank::Tagged)
            }
            scalar => push_scalar(scalar, out),
        }
    }

    /// Appends the rest of what is in brackets.
    fn push_all(
        &mut self,
        reader: &mut Reader<'_>,
        bracket: Bracket,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<Rank, Error> {
        let depth = reader.deeper(depth)?;
        Ok(match bracket {
            Bracket::List => {
                self.push_sequence(reader, bracket, depth, out)?;
                Rank::List
            }
            Bracket::Vector => {
                self.push_sequence(reader, bracket, depth, out)?;
                Rank::Vector
            }
            Bracket::Set => {
                self.push_set(reader, depth, out)?;
                Rank::Set
            }
            Bracket::Map => {
                self.push_map(reader, None, depth, out)?;
                Rank::Map
            }
        })
    }

    /// Appends the next form in these brackets; `None` at their end.
    #[inline]
    fn push_item(
        &mut self,
        reader: &mut Reader<'_>,
        bracket: Bracket,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<Option<Rank>, Error> {
        Ok(Some(match reader.plain() {
            Some(Plain::Open(inner)) => self.push_all(reader, inner, depth, out)?,
            Some(Plain::Close(found)) if char::from(found) == bracket.close() => return Ok(None),
            Some(Plain::Close(found)) => {
                let problem = Problem::Bracket { found: char::from(found), expected: bracket.expected() };
                return Err(Error::new(reader.start(), problem));
            }
            Some(scalar) => push_plain(scalar, out),
            None => match reader.item(bracket, depth)? {
                Some(token) => self.push(reader, token, depth, out)?,
                None => return Ok(None),
            },
        }))
    }

    fn push_sequence(
        &mut self,
        reader: &mut Reader<'_>,
        bracket: Bracket,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        out.push(b'[');
        let integers = integers(reader.rest());
        if integers > 0 {
            out.extend(
                reader.rest().as_bytes()[..integers].iter().map(|byte| if *byte == b' ' { b',' } else { *byte }),
            );
            out.push(b',');
            reader.pass(integers);
        }
        while self.push_item(reader, bracket, depth, out)?.is_some() {
            out.push(b',');
        }
        close(b']', out);
        Ok(())
    }

    fn push_set(&mut self, reader: &mut Reader<'_>, depth: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let first = self.entries.len();
        out.push(b'[');
        loop {
            let start = out.len();
            let Some(rank) = self.push_item(reader, Bracket::Set, depth, out)? else { break };
            self.entries.push(Entry { rank, start, key_end: out.len(), end: out.len() });
            out.push(b',');
        }
        self.sort(first, reader, out)?;
        close(b']', out);
        Ok(())
    }

    fn push_map(
        &mut self,
        reader: &mut Reader<'_>,
        namespace: Option<&str>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let first = self.entries.len();
        out.push(b'{');
        loop {
            let start = out.len();
            let Some(rank) = self.push_key(reader, namespace, depth, out)? else { break };
            let key_end = out.len();
            out.push(b':');
            if self.push_item(reader, Bracket::Map, depth, out)?.is_none() {
                return Err(Error::new(reader.start(), Problem::NoValue));
            }
            self.entries.push(Entry { rank, start, key_end, end: out.len() });
            out.push(b',');
        }
        self.sort(first, reader, out)?;
        close(b'}', out);
        Ok(())
    }

    /// Appends the next key of a map; `None` at its end. Keys in JSON are strings: other keys become their text.
    fn push_key(
        &mut self,
        reader: &mut Reader<'_>,
        namespace: Option<&str>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<Option<Rank>, Error> {
        let (start, depth) = (out.len(), depth.min(DEEPEST_KEY));
        let rank = match namespace {
            Some(namespace) => self.push_key_in(reader, namespace, depth, out)?,
            None => self.push_item(reader, Bracket::Map, depth, out)?,
        };
        if rank.is_some() && out[start] != b'"' {
            let text = out.split_off(start);
            push_text(str::from_utf8(&text).expect("what was pushed is text"), out);
        }
        Ok(rank)
    }

    /// The same in a namespace.
    fn push_key_in(
        &mut self,
        reader: &mut Reader<'_>,
        namespace: &str,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<Option<Rank>, Error> {
        let Some(token) = reader.item(Bracket::Map, depth)? else { return Ok(None) };
        Ok(Some(match token {
            Token::Keyword(name) => {
                push_text(&qualified(namespace, name), out);
                Rank::Keyword
            }
            Token::Symbol(name) => {
                push_text(&qualified(namespace, name), out);
                Rank::Symbol
            }
            token => self.push(reader, token, depth, out)?,
        }))
    }

    /// Appends the next form of a map; false at its end.
    pub(crate) fn item(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        self.entries.clear();
        self.push_item(reader, Bracket::Map, reader.deepest(), out).map(|rank| rank.is_some())
    }

    /// Appends the rest of a vector or map of which the bracket was read as a plain token.
    pub(crate) fn rest(&mut self, reader: &mut Reader<'_>, bracket: Bracket, out: &mut Vec<u8>) -> Result<(), Error> {
        self.entries.clear();
        self.push_all(reader, bracket, reader.deepest(), out).map(drop)
    }

    /// Sorts the entries from `first` on, each with a comma behind it, and looks for those that are there twice.
    fn sort(&mut self, first: usize, reader: &Reader<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let entries = &mut self.entries[first..];
        if !entries.is_sorted_by(|left, right| order(left, right, out) == Ordering::Less) {
            let start = entries[0].start;
            sort_by(entries, |left, right| order(left, right, out));
            let is_twice = |pair: &&[Entry]| pair[0].rank != Rank::Tagged && order(&pair[0], &pair[1], out).is_eq();
            if let Some(pair) = entries.windows(2).find(is_twice) {
                let text = String::from_utf8_lossy(&out[pair[0].start..pair[0].key_end]);
                return Err(Error::new(reader.start(), Problem::Twice(text.into())));
            }
            self.sorted.clear();
            for entry in entries {
                self.sorted.extend_from_slice(&out[entry.start..entry.end]);
                self.sorted.push(b',');
            }
            out.truncate(start);
            out.extend_from_slice(&self.sorted);
        }
        self.entries.truncate(first);
        Ok(())
    }
}

/// Closes an array or object, in which a comma is behind each element.
fn close(bracket: u8, out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(bracket);
}

/// The order of two elements or keys, by what was written for them.
fn order(left: &Entry, right: &Entry, out: &[u8]) -> Ordering {
    let [a, b] = [left, right].map(|entry| &out[entry.start..entry.key_end]);
    left.rank.cmp(&right.rank).then_with(|| match left.rank {
        // Without the quotation mark at the end, which may be greater than a character.
        Rank::Keyword | Rank::Symbol | Rank::String => a[..a.len() - 1].cmp(&b[..b.len() - 1]),
        // A key is in quotation marks, but then both are.
        Rank::Integer => {
            let negative = |text: &[u8]| text.contains(&b'-');
            let size = || a.len().cmp(&b.len()).then_with(|| a.cmp(b));
            negative(b).cmp(&negative(a)).then_with(|| if negative(a) { size().reverse() } else { size() })
        }
        _ => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
    })
}

fn push_plain(scalar: Plain<'_>, out: &mut Vec<u8>) -> Rank {
    let (text, rank) = match scalar {
        Plain::Keyword(name) => {
            quote(name, out);
            return Rank::Keyword;
        }
        Plain::String(text) => (text, Rank::String),
        Plain::Integer(digits) => (digits, Rank::Integer),
        Plain::Nil | Plain::Open(_) | Plain::Close(_) => ("null", Rank::Nil),
    };
    out.extend_from_slice(text.as_bytes());
    rank
}

fn push_scalar(token: Token<'_>, out: &mut Vec<u8>) -> Result<Rank, Error> {
    Ok(match token {
        Token::Keyword(name) => {
            push_text(name, out);
            Rank::Keyword
        }
        Token::Symbol(name) => {
            push_text(name, out);
            Rank::Symbol
        }
        Token::String(text) => {
            push_text(&text.decode()?, out);
            Rank::String
        }
        Token::Number(number) => push_number(number, out),
        Token::Symbolic(name) => {
            push_text(&format!("##{name}"), out);
            Rank::Double
        }
        Token::Char(character) => {
            push_text(&Kind::Char(character).to_string(), out);
            Rank::Char
        }
        Token::Bool(truth) => {
            out.extend_from_slice(if truth { b"true" } else { b"false" });
            Rank::Bool
        }
        _ => {
            out.extend_from_slice(b"null");
            Rank::Nil
        }
    })
}

fn push_number(number: Number<'_>, out: &mut Vec<u8>) -> Rank {
    match number {
        Number::Integer(digits) => {
            out.extend_from_slice(digits.as_bytes());
            Rank::Integer
        }
        Number::Double(double) if double.is_finite() => {
            write!(out, "{double:?}").expect("a Vec takes everything");
            Rank::Double
        }
        Number::Double(_) => {
            push_text(&number.to_string(), out);
            Rank::Double
        }
        Number::Decimal(digits) => {
            out.extend_from_slice(digits.as_bytes());
            Rank::Decimal
        }
        Number::Ratio(..) => {
            push_text(&number.to_string(), out);
            Rank::Ratio
        }
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        serde_json::to_writer(out, text).expect("a string is JSON, and a Vec takes everything");
    } else {
        quote(text, out);
    }
}

fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// The length of the integers at the beginning of a vector's content that JSON writes in the same way, with one space
/// between two of them. Long reads consist of nothing else, and are read five times as fast by this.
fn integers(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut end) = (0, 0);
    loop {
        let start = at + usize::from(bytes.get(at) == Some(&b'-'));
        let mut next = start;
        while bytes.get(next).is_some_and(u8::is_ascii_digit) {
            next += 1;
        }
        let is_other_in_json = bytes.get(start) == Some(&b'0') && (next > start + 1 || start > at);
        if next == start || is_other_in_json {
            return end;
        }
        match bytes.get(next) {
            Some(b' ') => (at, end) = (next + 1, next),
            Some(b']' | b')') => return next,
            _ => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(edn: &str) -> Result<String, Error> {
        let mut reader = Reader::new(edn);
        let token = reader.form(reader.deepest())?;
        let mut out = Vec::new();
        Transcriber::default().value(&mut reader, token, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[track_caller]
    fn check(edn: &str, expected: &str) {
        assert_eq!(json(edn).as_deref(), Ok(expected), "{edn}");
    }

    #[test]
    fn values_of_every_kind() {
        check("[[:append 9 1] (:r x nil)]", r#"[["append",9,1],["r","x",null]]"#);
        check("{:a #{1 2} \"b\" true}", r#"{"a":[1,2],"b":true}"#);
        check("{4 {:polled -1}, [1] nil}", r#"{"[1]":null,"4":{"polled":-1}}"#);
        check("#jepsen.history.Op{:index 0}", r#"{"index":0}"#);
        check("#:a{:b 1 :_/c ^:d [2]}", r#"{"a/b":1,"c":[2]}"#);
        check(r#""a\"\n\\b""#, r#""a\"\n\\b""#);
        check("\"a\tb\\u0001é\"", r#""a\tb\u0001é""#);
        check("[1.5 1e3 123456789012345678901234567890N 1e400M 1/2 \\a ##Inf 1e400]", {
            r###"[1.5,1000.0,123456789012345678901234567890,1e400,"1/2","\\a","##Inf","##Inf"]"###
        });
    }

    #[test]
    fn integers_in_a_row() {
        for same in ["[]", "[0]", "[1 -2 30]", "[1 [2 3] 4]", "[123456789012345678901234567890]", "[1 :a]"] {
            check(same, &same.replace(' ', ",").replace(":a", "\"a\""));
        }
        check("[ 1  2,3 ]", "[1,2,3]");
        check("[1 02 -0 +3 4N 5.0]", "[1,2,0,3,4,5.0]");
        check("(1 2)", "[1,2]");
    }

    #[test]
    fn order_is_that_of_kind_and_size() {
        check("#{10 -1 9 -10 2.5 :b :a! :a \"c\" nil}", r#"["a","a!","b","c",-10,-1,9,10,2.5,null]"#);
        check("{10 :x, 9 {:b 1 :a 2}}", r#"{"9":{"a":2,"b":1},"10":"x"}"#);
        check("#{[1 10] [1 2] #{2 1}}", "[[1,2],[1,10],[1,2]]");
        check("#{#a 1 #b 1}", "[1,1]");
    }

    #[test]
    fn nothing_is_there_twice() {
        for (edn, expected) in [
            ("#{1 2 1}", "1 is there twice in a map or set"),
            ("{:a 1 :b {:c 1 :c 2}}", "\"c\" is there twice in a map or set"),
        ] {
            assert_eq!(json(edn).unwrap_err().to_string(), expected, "{edn}");
        }
        check("{:a 1 \"a\" 2}", r#"{"a":1,"a":2}"#);
    }

    #[test]
    fn there_is_an_end_to_depth() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(100), &nested(100));
        for depth in [1000, 100_000] {
            assert_eq!(*json(&nested(depth)).unwrap_err().problem, Problem::Deep);
        }
    }

    #[test]
    fn keys_inside_keys_do_not_double_for_ever() {
        let nested = |depth: usize| format!("{}\"a\"{}", "{".repeat(depth), " 1}".repeat(depth));
        check(&nested(2), r#"{"{\"a\":1}":1}"#);
        assert!(json(&nested(DEEPEST_KEY)).is_ok());
        assert_eq!(*json(&nested(40)).unwrap_err().problem, Problem::Deep);
    }
}
