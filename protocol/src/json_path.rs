//! The path of the value at which a JSON text has an error: `body.txn[1][0]`. It is found from the column of the error, so
//! decoding does not track paths, and a line without errors costs nothing.

use std::fmt::Write as _;

/// One level of nesting.
enum Level {
    /// An object, and the key of the current value.
    Object(Option<String>),
    /// An array, and the index of the current element.
    Array(usize),
}

/// The path to the value of `text` in which, or at whose end, the first `column` bytes end; empty for the outermost value.
pub(crate) fn path(text: &str, column: usize) -> String {
    let read = &text.as_bytes()[..column.min(text.len())];
    let (mut levels, mut at) = (Vec::new(), 0);
    while let Some(byte) = read.get(at) {
        let start = at;
        at += 1;
        match (byte, levels.last_mut()) {
            (b'"', top) => {
                at = string_end(read, at);
                if let Some(Level::Object(key @ None)) = top {
                    *key = serde_json::from_slice(&read[start..at]).ok();
                }
            }
            (b'{', _) => levels.push(Level::Object(None)),
            (b'[', _) => levels.push(Level::Array(0)),
            (b'}' | b']', _) => drop(levels.pop()),
            (b',', Some(Level::Object(key))) => *key = None,
            (b',', Some(Level::Array(index))) => *index += 1,
            _ => {}
        }
    }
    render(&levels)
}

/// The end of a string whose first character is at `at`: behind its closing quote, or the end of the text.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at) {
        at += if *byte == b'\\' { 2 } else { 1 };
        if *byte == b'"' {
            break;
        }
    }
    at.min(text.len())
}

fn render(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object(None) => {}
            Level::Object(Some(key)) => {
                let dot = if path.is_empty() { "" } else { "." };
                path.extend([dot, key]);
            }
            Level::Array(index) => write!(path, "[{index}]").expect("writing to a String succeeds"),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each text ends at the error.
    #[test]
    fn the_path_leads_to_the_value_that_the_text_ends_in() {
        let rows = [
            ("", ""),
            ("{", ""),
            (r#"{"a"#, ""),
            (r#"{"a":"#, "a"),
            (r#"{"a":1,"#, ""),
            (r#"{"a":1,"b":"x""#, "b"),
            (r#"{"a":1,"b":{"c":[7,[8,"9"#, "b.c[1][1]"),
            (r#"{"a":[{"b":1},{"c":{}"#, "a[1].c"),
            (r#"{"a":[{"b":1},{"c":{}}"#, "a[1]"),
            (r#"{"a":[[1,2],[3]]"#, "a"),
            (r#"{"a":"}],{[\"","b\\":",["#, "b\\"),
            (r#"{""#, ""),
            (r#"{"\u0061\"b":["#, "a\"b[0]"),
            ("[1,2", "[1]"),
        ];
        for (text, expected) in rows {
            assert_eq!(path(text, text.len()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_and_column_has_a_path(text in r#"[a\\"\[\]{}:,é]{0,30}"#, column in 0..40_usize) {
            path(&text, column);
        }
    }
}
