//! Damaged texts: lines of a corpus with bytes and tokens flipped, removed, doubled, exchanged and nested. The fuzz
//! tests of all crates share this file.
//!
//! Damage by tokens mostly leaves JSON that is JSON and EDN that is EDN, so it gets past the parser; damage by bytes
//! does not. How far a text is mutated is drawn by proptest, which makes failing texts smaller.

#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as they do; inside a crate, it is known for one")]

use proptest::{collection::vec, prelude::*, sample::Index};
use std::{
    fmt,
    ops::{Deref, Range},
};

/// The tokens that damage inserts: edge cases of numbers, strings, brackets and escapes.
const TOKENS: &[&[u8]] = &[
    b"null",
    b"true",
    b"0",
    b"-1",
    b"-0",
    b"1.0",
    b"1e400",
    b"1e-400",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"123456789012345678901234567890",
    b"4294967296",
    b"\"\"",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\"\\n\"",
    b"\"type\"",
    b"\"msg_id\"",
    b"\"in_reply_to\"",
    b"\"n1\"",
    b"\"c1\"",
    b"[]",
    b"{}",
    b"[[]]",
    b"{\"a\":1,\"a\":2}",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\"",
    b"\\",
    b" ",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xa8",
    b"nil",
    b":k",
    b":a/b",
    b"#{1 1}",
    b"#{}",
    b"(",
    b")",
    b"#_",
    b"#a",
    b"#inst \"x\"",
    b"^{}",
    b";",
    b"1N",
    b"1e9M",
    b"1/0",
    b"1/2",
    b"##NaN",
    b"\\a",
    b"\\u",
    b"2r1",
    b"0x1F",
    b"{1}",
    b"{[1] 2}",
    b"#:a{:b 1}",
    b"@",
    b"'",
    b"`",
    b"```",
    b"|",
    b"#",
    b"##",
    b">",
];

#[derive(Clone, Debug)]
enum Damage {
    /// Another byte in the place of one.
    Byte(Index, u8),
    /// A token more.
    Insert(Index, Index),
    /// Another token in the place of one.
    Exchange(Index, Index),
    /// A token in the place of one, from another line.
    Borrow(Index, Index, Index),
    /// Some bytes less.
    Delete(Index, usize),
    /// Some bytes twice.
    Double(Index, usize),
    /// From here on as another line from there on.
    Splice(Index, Index, Index),
    /// A token inside so many brackets.
    Nest(Index, usize, usize),
    /// A name or number that is long.
    Lengthen(Index, usize),
}

/// Brackets that nest.
const BRACKETS: &[(&[u8], &[u8])] =
    &[(b"[", b"]"), (b"{\"a\":", b"}"), (b"(", b")"), (b"#{", b"}"), (b"{:a ", b"}"), (b"#a ", b""), (b"> ", b"")];

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        2 => (at(), at()).prop_map(|(at, token)| Damage::Insert(at, token)),
        5 => (at(), at()).prop_map(|(at, token)| Damage::Exchange(at, token)),
        3 => (at(), at(), at()).prop_map(|(at, line, token)| Damage::Borrow(at, line, token)),
        2 => (at(), 1..20_usize).prop_map(|(at, length)| Damage::Delete(at, length)),
        1 => (at(), 1..60_usize).prop_map(|(at, length)| Damage::Double(at, length)),
        1 => (at(), at(), at()).prop_map(|(at, line, from)| Damage::Splice(at, line, from)),
        1 => (at(), 0..BRACKETS.len(), 0..9_u32).prop_map(|(at, kind, size)| Damage::Nest(at, kind, 1 << size)),
        1 => (at(), 0..11_u32).prop_map(|(at, size)| Damage::Lengthen(at, 1 << size)),
    ]
}

/// Damaged bytes, shown as far as possible as the text they were.
#[derive(Clone)]
pub struct Damaged(Vec<u8>);

impl fmt::Debug for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl Deref for Damaged {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A line of the corpus, damaged in up to five places; one of six is whole.
pub fn mutated(corpus: &'static [Vec<u8>]) -> impl Strategy<Value = Damaged> {
    assert!(!corpus.is_empty(), "there is nothing to damage");
    (any::<Index>(), vec(damage(), 0..=5)).prop_map(|(line, damages)| {
        let mut line = line.get(corpus).clone();
        damages.iter().for_each(|damage| apply(&mut line, damage, corpus));
        Damaged(line)
    })
}

fn apply(line: &mut Vec<u8>, damage: &Damage, corpus: &[Vec<u8>]) {
    let point = |at: &Index, line: &[u8]| at.index(line.len() + 1);
    match damage {
        Damage::Byte(at, byte) if !line.is_empty() => *at.get_mut(line) = *byte,
        Damage::Byte(..) => {}
        Damage::Insert(at, token) => replace(line, point(at, line)..point(at, line), TOKENS[token.index(TOKENS.len())]),
        Damage::Exchange(at, token) => replace(line, token_at(line, at), TOKENS[token.index(TOKENS.len())]),
        Damage::Borrow(at, other, token) => {
            let other = other.get(corpus);
            replace(line, token_at(line, at), &other[token_at(other, token)]);
        }
        Damage::Delete(at, length) => replace(line, span(line, at, *length), b""),
        Damage::Double(at, length) => {
            let span = span(line, at, *length);
            let part = line[span.clone()].to_vec();
            replace(line, span.end..span.end, &part);
        }
        Damage::Splice(at, other, from) => {
            let other = other.get(corpus);
            line.truncate(point(at, line));
            line.extend_from_slice(&other[point(from, other)..]);
        }
        Damage::Nest(at, kind, depth) => {
            let (span, (open, close)) = (token_at(line, at), BRACKETS[*kind]);
            let nested = [open.repeat(*depth), line[span.clone()].to_vec(), close.repeat(*depth)].concat();
            replace(line, span, &nested);
        }
        Damage::Lengthen(at, times) => {
            let span = token_at(line, at);
            let part = line.get(span.start).copied().filter(u8::is_ascii_alphanumeric).unwrap_or(b'7');
            replace(line, span.start..span.start, &vec![part; *times]);
        }
    }
}

fn replace(line: &mut Vec<u8>, span: Range<usize>, with: &[u8]) {
    line.splice(span, with.iter().copied());
}

fn span(line: &[u8], at: &Index, length: usize) -> Range<usize> {
    let start = at.index(line.len() + 1);
    start..(start + length).min(line.len())
}

/// The string, word, number or single mark that is found there.
fn token_at(line: &[u8], at: &Index) -> Range<usize> {
    if line.is_empty() {
        return 0..0;
    }
    let at = at.index(line.len());
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+?".contains(byte);
    if !is_word(&line[at]) {
        return at..at + 1;
    }
    let start = line[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |before| before + 1);
    let end = line[at..].iter().position(|byte| !is_word(byte)).map_or(line.len(), |length| at + length);
    // With its quotes, where it has some.
    let is_quoted = start > 0 && line[start - 1] == b'"' && line.get(end) == Some(&b'"');
    if is_quoted { start - 1..end + 1 } else { start..end }
}

/// The lines of all these texts.
pub fn lines(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Vec<u8>> {
    texts
        .into_iter()
        .flat_map(|text| text.as_ref().lines().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>())
        .collect()
}

/// The texts of all files below a folder of the repository whose names end like this, in the order of their paths.
pub fn texts(folder: &str, ending: &str) -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut entries: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    entries.sort();
    let read = |name: std::ffi::OsString| {
        let path = root.join(&name);
        let name = name.into_string().unwrap();
        match path.is_dir() {
            true => texts(&format!("{folder}/{name}"), ending),
            false if name.ends_with(ending) => vec![std::fs::read_to_string(path).unwrap()],
            false => Vec::new(),
        }
    };
    entries.into_iter().flat_map(read).collect()
}
