//! A line that a node in a process of its own wrote, held to what Maelstrom demands of a message (Maelstrom: `net.clj`,
//! `process.clj`): an object with `src`, `dest` and `body`, perhaps an `id`, and nothing else.

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
        let shown = String::from_utf8_lossy(&line[..line.len().min(500)]);
        let explain = |why: String| {
            format!(
                "node {node} wrote a line to stdout that is no message:\n\n  {shown}\n\nExpected a JSON object of the \
                 form {{\"src\": \"{node}\", \"dest\": ID, \"body\": {{\"type\": TYPE, ...}}}} and nothing else.\nIt is \
                 malformed because: {why}.\nWas it meant for stderr?"
            )
        };
        let text = std::str::from_utf8(line).map_err(|error| explain(error.to_string()))?;
        let written: Self = serde_json::from_str(text).map_err(|error| explain(error.to_string()))?;
        if !written.body.get().starts_with('{') {
            return Err(explain(format!("`body` is {}, not an object", written.body.get())));
        }
        Ok(written)
    }

    /// The message alone, as the network passes it on.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(self).expect("strings and JSON have a JSON form")
    }
}
