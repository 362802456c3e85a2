//! The translation of EDN as Clojure prints it into EDN that the reading crate accepts.

use std::{borrow::Cow, char::REPLACEMENT_CHARACTER, iter};

/// The same EDN without the escapes `\b`, `\f` and `\u....`, which Clojure prints or reads and `clojure-reader` does not
/// know: the characters themselves take their places. Half of a surrogate pair becomes U+FFFD. Symbolic numbers such as
/// `##Inf`, which JSON has not, become strings.
///
/// ```
/// use glomers_checkers::history::edn::readable;
///
/// assert_eq!(readable(r#"["caf\u00e9" \u00e9 "\\u00e9"]"#), r#"["café" \u00e9 "\\u00e9"]"#);
/// ```
pub fn readable(edn: &str) -> Cow<'_, str> {
    if !["\\b", "\\f", "\\u", "##"].iter().any(|token| edn.contains(token)) {
        return Cow::Borrowed(edn);
    }
    let mut plain = String::with_capacity(edn.len());
    let (mut rest, mut in_string) = (edn, false);
    while let Some(at) = rest.find(['"', '\\', ';', '#']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match rest.as_bytes()[0] {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            // Quotes in a comment are no strings.
            b';' if !in_string => rest.find('\n').unwrap_or(rest.len()),
            b'#' if !in_string && rest.starts_with("##") => {
                let name = rest[2..].find(|c: char| !c.is_alphabetic() && c != '-');
                name.map_or(rest.len(), |end| 2 + end)
            }
            _ => 1,
        };
        let (token, tail) = rest.split_at(end);
        rest = tail;
        match token {
            "\\b" if in_string => plain.push('\u{8}'),
            "\\f" if in_string => plain.push('\u{c}'),
            "\\u" if in_string => plain.push(unicode(&mut rest)),
            // JSON has no such number either.
            number if number.starts_with("##") => {
                plain.push('"');
                plain.push_str(number);
                plain.push('"');
            }
            other => plain.push_str(other),
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Takes what follows `\u`, and the second half of a surrogate pair.
fn unicode(rest: &mut &str) -> char {
    let Some(first) = take_unit(rest) else { return REPLACEMENT_CHARACTER };
    let mut tail = rest.strip_prefix("\\u").unwrap_or_default();
    let second = take_unit(&mut tail);
    let decoded = char::decode_utf16(iter::once(first).chain(second)).next().and_then(Result::ok);
    if decoded.is_some_and(|decoded| decoded.len_utf16() == 2) {
        *rest = tail;
    }
    decoded.unwrap_or(REPLACEMENT_CHARACTER)
}

/// Takes four hexadecimal digits, or nothing.
fn take_unit(rest: &mut &str) -> Option<u16> {
    let (digits, tail) = rest.split_at_checked(4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    *rest = tail;
    Some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edn: &str, expected: &str) {
        assert_eq!(readable(edn), expected);
    }

    #[test]
    fn rare_escapes_become_characters() {
        check(r#""a\fb\bc""#, "\"a\u{c}b\u{8}c\"");
        check(r#""\u0041\ud83d\ude00""#, "\"A😀\"");
    }

    #[test]
    fn halves_of_pairs_are_replaced() {
        check(r#""\ud83d" "\ud83dx" "\ude00\n""#, "\"\u{fffd}\" \"\u{fffd}x\" \"\u{fffd}\\n\"");
        check(r#""\ud83d\u0041""#, "\"\u{fffd}A\"");
    }

    #[test]
    fn everything_else_stays() {
        for edn in [r"[\b \u0041 \f]", r#"{:a "\\b \"\\u0041\""}"#, "[1 2]", r#"[\" \b "x" \u0041]"#, "\"a", "\\"] {
            check(edn, edn);
        }
    }

    #[test]
    fn broken_escapes_do_no_harm() {
        check(r#""\u12"#, "\"\u{fffd}12");
        check(r#""\u12é4""#, "\"\u{fffd}12é4\"");
        check(r#""\ud83d\uzz""#, "\"\u{fffd}\u{fffd}zz\"");
        check(r#""\uzz\u\u0041""#, "\"\u{fffd}zz\u{fffd}A\"");
    }
}
