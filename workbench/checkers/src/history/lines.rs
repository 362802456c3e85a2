//! The entries of a history in JSON, one object a line.

use crate::history::{
    entries::{Entries, Field, Fields},
    file::BadText,
    model::Op,
    usual::{self, Notation},
};
use glomers_json::{Json, plain_string, plain_value};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Deserializer as JsonReader, value::RawValue};
use std::{borrow::Cow, fmt};

/// Reads a text that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct JsonLines {
    /// The number of lines that were read.
    lines: usize,
}

impl JsonLines {
    /// Reads the lines that are whole, and returns the length of what was read. The rest, and what follows it, is the
    /// next piece.
    pub(super) fn read(&mut self, text: &str, is_last: bool, entries: &mut Entries) -> Result<usize, BadText> {
        let whole = if is_last { text.len() } else { text.rfind('\n').map_or(0, |end| end + 1) };
        let mut rest = &text[..whole];
        while !rest.is_empty() {
            self.lines += 1;
            let op = match common(rest) {
                Some((op, after)) => {
                    rest = after;
                    Ok(op)
                }
                None => {
                    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                    rest = after;
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    any(line.strip_suffix('\r').unwrap_or(line))
                }
            };
            op.and_then(|op| entries.add(self.lines, op)).map_err(|reason| BadText { line: self.lines, reason })?;
        }
        Ok(whole)
    }
}

/// An entry in any form, without its newline.
fn any(line: &str) -> Result<Op, String> {
    match serde_json::from_str::<Object>(line) {
        Ok(Object(fields)) => fields.finish(),
        Err(error) => Err(format!("this is no JSON object: {error}")),
    }
}

/// The entry at the beginning of a text, and the lines that follow, if it is written as this crate writes it, which is nearly every one.
fn common(text: &str) -> Option<(Op, &str)> {
    let (op, rest) = usual::entry(&mut Lines, text)?;
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix('\n')? };
    Some((op, rest))
}

/// The notation of this crate's lines. Only a value or an error in another than the common form needs a reader of JSON.
struct Lines;

impl Notation for Lines {
    const INDEX: &'static str = "{\"index\":";
    const TIME: &'static str = ",\"time\":";
    const TYPE: &'static str = ",\"type\":";
    const PROCESS: &'static str = ",\"process\":";
    const NEMESIS: &'static str = "\"nemesis\"";
    const F: &'static str = ",\"f\":";
    const VALUE: &'static str = ",\"value\":";
    const ERROR: &'static str = ",\"error\":";

    /// A string without escapes.
    fn word(text: &str) -> Option<(&str, &str)> {
        let text = text.strip_prefix('"')?;
        let end = plain_string(text.as_bytes(), 0)?;
        Some((text.get(..end - 1)?, text.get(end..)?))
    }

    fn value<'a>(&mut self, text: &'a str) -> Option<(Json, &'a str)> {
        if let Some(end) = plain_value(text.as_bytes(), 0) {
            let (value, rest) = text.split_at(end);
            return Some((Json::from_valid_text(value), rest));
        }
        let line = text.split('\n').next()?;
        let mut values = JsonReader::from_str(line).into_iter::<&RawValue>();
        let value = values.next()?.ok()?;
        Some((value.into(), &text[values.byte_offset()..]))
    }
}

/// The fields of an entry. Of fields with the same name the last one counts.
struct Object(Fields);

/// The name of a field, borrowed unless there is an escape in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
                let mut fields = Fields::default();
                while let Some((Name(name), value)) = members.next_entry::<Name<'de>, &RawValue>()? {
                    fields.add(&name, Field::Raw(value));
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_form_is_read_as_any_other() {
        let lines = [
            r#"{"index":0,"time":17,"type":"invoke","process":3,"f":"read","value":[1,{"b": "}"}]}"#,
            r#"{"index":12,"time":0,"type":"info","process":"nemesis","f":"start","value":null}"#,
            r#"{"index":0,"time":17,"type":"ok","process":3,"f":"read","value":1,"error":["a", 2]}"#,
            r#"{"index":0,"time":1,"type":"invoke","process":3,"f":"","value":"é"}"#,
            r#"{"index":0,"time":1,"type":"invoke","process":3,"f":"a","value":[1.5,"\n"]}"#,
        ];
        for line in lines {
            let read = |line: &str| {
                let mut entries = Entries::default();
                JsonLines::default()
                    .read(line, true, &mut entries)
                    .map(|_| serde_json::to_string(&entries.finish()).unwrap())
            };
            assert!(common(line).is_some(), "{line}");
            let spaced = line.replace("\"time\":", "\"time\": ");
            assert!(common(&spaced).is_none(), "{spaced}");
            assert_eq!(read(line), read(&spaced), "{line}");
        }
    }

    #[test]
    fn each_line_is_an_entry() {
        let line = r#"{"index":0,"time":17,"type":"info","process":"nemesis","f":"start","value":[1,2]}"#;
        let read = |text: &str| {
            let mut entries = Entries::default();
            let result = JsonLines::default().read(text, true, &mut entries).map_err(|bad| bad.line);
            (result.is_ok(), entries.finish().ops().len(), result.err())
        };
        let spaced = line.replace(':', ": ");
        for (text, expected) in [
            (format!("{line}\n\n{spaced}\r\n{line}\r\n \r\n{spaced}"), (true, 4, None)),
            (format!("{line}\n{line}"), (true, 2, None)),
            (format!("{line}\n{}", line.replace("[1,", "[1,\n")), (false, 1, Some(2))),
            (format!("{line}\n{}", line.replace("[1,", "[1.5,\n")), (false, 1, Some(2))),
            (format!("{line}{line}"), (false, 0, Some(1))),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn every_other_form_is_left_to_the_reader_of_json() {
        let common_line = r#"{"index":0,"time":17,"type":"ok","process":3,"f":"read","value":1}"#;
        assert!(common(common_line).is_some());
        for (from, to) in [
            ("\"index\":0", "\"index\":00"),
            ("17", "-1"),
            ("17", "1.5"),
            ("read", "re\\u0061d"),
            ("read", "re\tad"),
            ("1}", "1,\"error\":2,\"final?\":true}"),
            ("1}", "1} "),
            ("1}", "1}}"),
            ("1}", "}"),
        ] {
            let other = common_line.replacen(from, to, 1);
            assert!(common(&other).is_none() && other != common_line, "{other}");
        }
    }
}
