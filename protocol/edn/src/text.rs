//! Strings and characters: their escapes are Clojure's.

use crate::error::{Error, Problem};
use std::{
    borrow::Cow,
    char::{REPLACEMENT_CHARACTER, decode_utf16},
};

/// The content of a string, as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Text<'a> {
    /// The text between the quotation marks.
    pub raw: &'a str,
    /// True if there is a backslash in it.
    pub has_escapes: bool,
    /// The byte at which it begins.
    pub at: usize,
}

impl<'a> Text<'a> {
    /// The content. Half of a surrogate pair becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// An escape that Clojure does not know.
    pub fn decode(self) -> Result<Cow<'a, str>, Error> {
        if !self.has_escapes {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let escape = &rest[at..];
            let Some((decoded, length)) = unescape(escape) else {
                let wrong = escape.chars().take(2).collect::<String>();
                let at = self.at + self.raw.len() - escape.len();
                return Err(Error::new(at, Problem::Escape(wrong.into())));
            };
            out.push(decoded);
            rest = &escape[length..];
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }
}

/// The character of the escape with which `text` begins, and the length of the escape.
fn unescape(text: &str) -> Option<(char, usize)> {
    let second = *text.as_bytes().get(1)?;
    let decoded = match second {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'"' | b'\\' => char::from(second),
        b'0'..=b'7' => {
            let digits = text[1..].bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
            return Some((octal(&text[1..=digits])?, 1 + digits));
        }
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((decoded, 2))
}

/// One escape, or two if they are the halves of a surrogate pair.
fn unicode(text: &str) -> Option<(char, usize)> {
    const LENGTH: usize = "\\u0000".len();
    let first = unit(text.strip_prefix("\\u")?)?;
    let second = text[LENGTH..].strip_prefix("\\u").and_then(unit);
    match decode_utf16([first]).next()? {
        Ok(decoded) => Some((decoded, LENGTH)),
        Err(_) => Some(match second.and_then(|second| decode_utf16([first, second]).next()?.ok()) {
            Some(decoded) => (decoded, 2 * LENGTH),
            None => (REPLACEMENT_CHARACTER, LENGTH),
        }),
    }
}

/// Four hexadecimal digits.
fn unit(text: &str) -> Option<u16> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

/// A character from one to three octal digits, up to `\377`.
fn octal(digits: &str) -> Option<char> {
    u8::from_str_radix(digits, 8).ok().map(char::from)
}

/// The names of characters that are not written as themselves.
pub(crate) const NAMES: [(&str, char); 6] =
    [("newline", '\n'), ("space", ' '), ("tab", '\t'), ("return", '\r'), ("backspace", '\u{8}'), ("formfeed", '\u{c}')];

/// The character that is written as this, without the backslash.
pub(crate) fn character(written: &str) -> Result<char, Problem> {
    let mut chars = written.chars();
    let only = chars.next().filter(|_| chars.as_str().is_empty());
    let named = || NAMES.iter().find(|(name, _)| *name == written).map(|(_, named)| *named);
    let coded = || match written.strip_prefix('u') {
        Some(digits) if digits.len() == 4 => unit(digits).and_then(|unit| char::from_u32(u32::from(unit))),
        _ => written.strip_prefix('o').filter(|digits| !digits.starts_with('+')).and_then(octal),
    };
    only.or_else(named).or_else(coded).ok_or_else(|| Problem::Char(format!("\\{written}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &str) -> Result<Cow<'_, str>, Error> {
        Text { raw, has_escapes: raw.contains('\\'), at: 1 }.decode()
    }

    #[test]
    fn escapes_become_characters() {
        for (raw, expected) in [
            ("plain é", "plain é"),
            (r#"a\fb\bc\n\t\r\\\""#, "a\u{c}b\u{8}c\n\t\r\\\""),
            (r"\u0041\ud83d\ude00é", "A😀é"),
            (r"\101\7x\78", "A\u{7}x\u{7}8"),
        ] {
            assert_eq!(decoded(raw).unwrap(), expected, "{raw}");
        }
    }

    #[test]
    fn halves_of_pairs_are_replaced() {
        for (raw, expected) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ude00\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        ] {
            assert_eq!(decoded(raw).unwrap(), expected, "{raw}");
        }
    }

    #[test]
    fn broken_escapes_are_refused() {
        for (raw, wrong, at) in [(r"ab\q", "\\q", 3), (r"\u12é4", "\\u", 1), (r"\400", "\\4", 1), (r"é\é", "\\é", 3)]
        {
            assert_eq!(decoded(raw).unwrap_err(), Error::new(at, Problem::Escape(wrong.into())), "{raw}");
        }
    }

    #[test]
    fn characters() {
        for (written, expected) in [
            ("a", 'a'),
            ("é", 'é'),
            ("newline", '\n'),
            ("u0041", 'A'),
            ("u", 'u'),
            ("o101", 'A'),
            ("o", 'o'),
            ("[", '['),
        ] {
            assert_eq!(character(written), Ok(expected), "{written}");
        }
        for wrong in ["ab", "u12", "ud800", "o400", "", "u+041"] {
            assert_eq!(character(wrong), Err(Problem::Char(format!("\\{wrong}").into())), "{wrong}");
        }
    }
}
