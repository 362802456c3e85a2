//! The form that nearly all JSON has: no white space but spaces in front of names and values, no escapes, integers only. These
//! functions find the ends of values in this form, in less time than `serde_json` takes, and leave all other forms to it.

/// From here on there is no room for another array or object that is open: one bit each.
const MAX_OPEN: u64 = 1 << 63;

/// The end of the value that begins at a place, if it has the common form: spaces in front of names and values only, no escapes,
/// no fractions. `None` if it has another form or is no JSON. Behind an integer there must be a comma or a closing bracket.
///
/// ```
/// assert_eq!(glomers_json::plain_value(b"[1, {\"a\":null}],2", 0), Some(15));
/// assert_eq!(glomers_json::plain_value(b"[1 ]", 0), None);
/// ```
#[inline]
pub fn plain_value(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'-' | b'0'..=b'9' => plain_integer(bytes, at),
        b'"' => plain_string(bytes, at + 1),
        _ => plain_other(bytes, at),
    }
}

/// The end of a value that is no number, and nearly always a list or an object.
fn plain_other(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Behind the highest bit that is set, one bit for each array or object that is open, the innermost lowest; set for objects.
    let mut open = 1_u64;
    loop {
        at = match *bytes.get(at)? {
            b'-' | b'0'..=b'9' => end_of_integer(bytes, at)?,
            b'"' => plain_string(bytes, at + 1)?,
            bracket @ (b'[' | b'{') => {
                let is_object = bracket == b'{';
                if *bytes.get(at + 1)? == if is_object { b'}' } else { b']' } {
                    at + 2
                } else {
                    if open >= MAX_OPEN {
                        return None;
                    }
                    open = open << 1 | u64::from(is_object);
                    at = if is_object { end_of_key(bytes, at + 1)? } else { at + 1 };
                    continue;
                }
            }
            b' ' if open > 1 => {
                at += 1;
                continue;
            }
            b'n' if starts_with(bytes, at, b"null") => at + 4,
            b't' if starts_with(bytes, at, b"true") => at + 4,
            b'f' if starts_with(bytes, at, b"false") => at + 5,
            _ => return None,
        };
        loop {
            if open == 1 {
                return Some(at);
            }
            let is_object = open & 1 == 1;
            let byte = *bytes.get(at)?;
            at += 1;
            match (byte, is_object) {
                (b',', false) => break,
                (b',', true) => break at = end_of_key(bytes, at)?,
                (b']', false) | (b'}', true) => open >>= 1,
                _ => return None,
            }
        }
    }
}

/// The place of the value behind a key and spaces.
fn end_of_key(bytes: &[u8], at: usize) -> Option<usize> {
    let at = spaces(bytes, at);
    let end = if *bytes.get(at)? == b'"' { plain_string(bytes, at + 1)? } else { return None };
    (*bytes.get(end)? == b':').then(|| spaces(bytes, end + 1))
}

/// The end of a string without escapes, given the place behind its opening quote.
pub fn plain_string(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let length = plain_length(rest);
    (*rest.get(length)? == b'"').then_some(at + length + 1)
}

/// The end of an integer, behind which there is neither a fraction nor an exponent.
pub fn plain_integer(bytes: &[u8], at: usize) -> Option<usize> {
    let end = end_of_integer(bytes, at)?;
    matches!(*bytes.get(end)?, b',' | b'}' | b']').then_some(end)
}

/// The end of a sign and digits.
#[inline(always)]
fn end_of_integer(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(*bytes.get(at)? == b'-');
    let rest = bytes.get(start..)?;
    let digits = digits(rest);
    (digits == 1 || digits > 1 && rest[0] != b'0').then_some(start + digits)
}

#[inline(always)]
fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

#[inline(always)]
fn starts_with<const LENGTH: usize>(bytes: &[u8], at: usize, text: &[u8; LENGTH]) -> bool {
    bytes.get(at..).and_then(<[u8]>::first_chunk) == Some(text)
}

/// The bytes that are not written as themselves in a string: its quote, backslashes and control characters.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < b' ' {
        special[byte as usize] = true;
        byte += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special
};

/// The number of bytes in front of the first one that is not written as itself in a string: a quote, a backslash or a control
/// character.
#[inline(always)]
pub fn plain_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| SPECIAL[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// The number of digits at the beginning.
#[inline(always)]
pub fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

/// The number of bytes in front of the first quote or bracket. It looks at eight bytes at a time, which pays for long lists.
pub(crate) fn flat_length(bytes: &[u8]) -> usize {
    /// With this bit, a square bracket is a curly one.
    const BIT: u8 = 0x20;
    /// 1 in each byte of a word.
    const EACH: u64 = u64::MAX / 255;
    // Subtracting sets the highest bit of a byte that is 0. That borrows from the byte above, so the bits above the first one
    // mean nothing. The lowest byte is the first.
    let is = |word: u64, byte: u8| {
        let word = word ^ (EACH * u64::from(byte));
        word.wrapping_sub(EACH) & !word & (EACH << 7)
    };
    let mut length = 0;
    while let Some(word) = bytes[length..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        let curly = word | (EACH * u64::from(BIT));
        match is(word, b'"') | is(curly, b'{') | is(curly, b'}') {
            0 => length += 8,
            found => return length + found.trailing_zeros() as usize / 8,
        }
    }
    let is_found = |byte: &u8| *byte == b'"' || matches!(byte | BIT, b'{' | b'}');
    length + bytes[length..].iter().position(is_found).unwrap_or(bytes.len() - length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde::Deserialize;
    use serde_json::{Deserializer, value::RawValue};

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![any::<u8>(), select(b"0123456789 az\"\\\x1f\x7f\x80[]{}".to_vec())], 0..30)
    }

    /// Pieces of values that often fit together.
    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "[",
            "]",
            "{",
            "}",
            ",",
            ",",
            ":",
            "\"a\":",
            "\"b, ]\"",
            "\"\"",
            "\"é",
            "\"",
            "\\",
            "null",
            "true",
            "false",
            "-",
            "0",
            "1",
            "23456789012",
            ".5",
            "e5",
            " ",
            "\n",
            "\u{1}",
            "[1,2]",
            "{\"c\":-1}",
        ];
        vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn words_are_read_as_bytes(bytes in bytes()) {
            let count = |is_passed: &dyn Fn(u8) -> bool| bytes.iter().take_while(|byte| is_passed(**byte)).count();
            prop_assert_eq!(plain_length(&bytes), count(&|byte| byte >= b' ' && !b"\"\\".contains(&byte)));
            prop_assert_eq!(digits(&bytes), count(&|byte| byte.is_ascii_digit()));
            prop_assert_eq!(flat_length(&bytes), count(&|byte| !b"\"[]{}".contains(&byte)));
        }

        #[test]
        fn a_plain_value_is_the_one_that_serde_reads(text in text()) {
            if let Some(end) = plain_value(text.as_bytes(), 0) {
                let read = <&RawValue>::deserialize(&mut Deserializer::from_str(&text)).unwrap();
                prop_assert_eq!(read.get(), &text[..end]);
            }
        }

        #[test]
        fn a_value_ends_where_serde_ends_it(text in text(), rest in select(vec!["", ",1", "]", "}"])) {
            if let Ok(value) = serde_json::from_str::<&RawValue>(&text) {
                let (text, expected) = (format!("{text}{rest}"), (value.get(), rest));
                prop_assert_eq!(crate::split_value(&text), (!rest.is_empty()).then_some(expected));
            }
        }
    }

    #[test]
    fn the_common_form_is_plain() {
        let deep = format!("{}1{}", "[".repeat(63), "]".repeat(63));
        for value in
            ["[]", "{}", "\"é\"", "null", "true", "false", r#"[-1, "a" ,2]"#, r#"{"a": [1,{"b":[]}],"":0}"#, &deep]
        {
            let is_plain = !value.contains(" ,");
            assert_eq!(plain_value(value.as_bytes(), 0), is_plain.then_some(value.len()), "{value}");
        }
        assert_eq!(plain_value(b"[[17, 2]}", 2), Some(4));
        assert_eq!(plain_value(format!("[{deep}]").as_bytes(), 0), None);
    }
}
