//! The classes of bytes, in one table: where a token ends is asked for every byte of a text.

/// The class of a byte outside strings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// White space, or a comma.
    Space,
    /// The end of a token: a bracket, a quotation mark, or the beginning of a comment.
    Delimiter,
    /// A part of a character beyond ASCII, which may be white space.
    Wide,
    /// A backslash or a control character.
    Strange,
    /// Everything else.
    Other,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b' ' | b',' | b'\t'..=b'\r' => Class::Space,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b';' => Class::Delimiter,
            0x80.. => Class::Wide,
            b'\\' | 0..b' ' | 0x7f => Class::Strange,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

pub(crate) fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// The length of the white space with which `text` begins.
pub(crate) fn space(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match class(byte) {
            Class::Space => at += 1,
            Class::Wide => match wide_space(&text[at..]) {
                Some(length) => at += length,
                None => break,
            },
            Class::Delimiter | Class::Strange | Class::Other => break,
        }
    }
    at
}

/// The length of the token with which `text` begins.
pub(crate) fn token(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match class(byte) {
            Class::Other | Class::Strange => at += 1,
            Class::Wide if wide_space(&text[at..]).is_none() => {
                at += text[at..].chars().next().map_or(1, char::len_utf8)
            }
            _ => break,
        }
    }
    at
}

/// The length of the first character, if it is white space.
fn wide_space(text: &str) -> Option<usize> {
    text.chars().next().filter(|first| first.is_whitespace()).map(char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_the_space_around_them() {
        for (text, space_length, token_length) in
            [("a b", 0, 1), (" ,\n\u{a0}x", 5, 0), ("é\u{2003}", 0, 2), ("a/b.c!\"", 0, 6), ("", 0, 0), ("é", 0, 2)]
        {
            assert_eq!((space(text), token(text)), (space_length, token_length), "{text}");
        }
    }
}
