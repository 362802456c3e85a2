//! A line that a node in a process of its own wrote, held to what Maelstrom demands of a message (Maelstrom: `net.clj`,
//! `process.clj`): an object with `src`, `dest` and `body`, perhaps an `id`, and nothing else.

use crate::engine::host::LONGEST_LINE;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A message as a node wrote it. Maelstrom allows a number of the node's own, and replaces it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written<'a> {
    #[serde(borrow)]
    pub(crate) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) dest: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(skip_serializing)]
    #[expect(dead_code, reason = "only its form is checked")]
    id: Option<i64>,
}

impl<'a> Written<'a> {
    /// Reads a line; the error says what was written, what was expected and what is wrong.
    pub(crate) fn read(node: &str, line: &'a [u8]) -> Result<Self, String> {
        let begin = shown(&String::from_utf8_lossy(&line[..line.len().min(2 * SHOWN_CHARS)]));
        let explain = |why: String| {
            format!(
                "node {node} wrote a line to stdout that is no message:\n\n  {begin}\n\nExpected a JSON object of the \
                 form {{\"src\": \"{node}\", \"dest\": ID, \"body\": {{\"type\": TYPE, ...}}}} and nothing else.\nIt is \
                 malformed because: {why}.\nWas it meant for stderr?"
            )
        };
        let text = std::str::from_utf8(line).map_err(|error| explain(error.to_string()))?;
        let written: Self = serde_json::from_str(text).map_err(|error| explain(shown(&error.to_string())))?;
        if !text.trim_start().starts_with('{') {
            // Serde would take the values without their keys.
            return Err(explain("it is no object".to_owned()));
        }
        if !written.body.get().starts_with('{') {
            return Err(explain(format!("`body` is {}, not an object", shown(written.body.get()))));
        }
        Ok(written)
    }

    /// The message alone, as the network passes it on.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(self).expect("strings and JSON have a JSON form")
    }
}

/// How much is shown of what a node wrote, in characters.
const SHOWN_CHARS: usize = 500;

/// What a node wrote, fit for a terminal: its beginning, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).flat_map(escaped).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push_str("...");
    }
    shown
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    let (escaped, plain) = match character.is_control() {
        true => (Some(character.escape_default()), None),
        false => (None, Some(character)),
    };
    escaped.into_iter().flatten().chain(plain)
}

/// The complaint about a line that nobody reads to its end.
pub(crate) fn too_long(node: &str) -> String {
    format!(
        "node {node} wrote a line of more than {} MiB to stdout, which is no message to anybody.",
        LONGEST_LINE >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complaint about a line.
    fn complaint(line: &str) -> String {
        Written::read("n1", line.as_bytes()).map(|written| written.line()).unwrap_err()
    }

    #[test]
    fn an_array_is_no_message() {
        assert!(complaint(r#" ["n1","c1",{"type":"read_ok"},null]"#).contains("it is no object"));
    }

    #[test]
    fn what_is_shown_is_short_and_does_nothing_to_a_terminal() {
        let long = "x".repeat(1_000_000);
        let rows = [
            format!("\u{1b}]0;title\u{7}{long}"),
            format!(r#"{{"src":"n1","dest":"c1","body":"{long}"}}"#),
            format!("{{\"src\":\"n1\",\"dest\":\"c1\",\"\u{1b}{long}\":1}}"),
            format!(r#"{{"src":"n1","dest":"c1","\u001b{long}":{{}}}}"#),
        ];
        for line in rows {
            let text = complaint(&line);
            assert!(text.len() < 2000, "{}", text.len());
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        }
    }
}
