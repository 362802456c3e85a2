//! The entries of a history in JSON, one object a line.

use crate::history::{
    entries::{Entries, Field, Fields},
    file::BadText,
};
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
        for line in text[..whole].lines() {
            self.lines += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let fields = match common(line) {
                Some(fields) => Ok(Object(fields)),
                None => serde_json::from_str::<Object>(line),
            };
            let op =
                fields.map_err(|error| format!("this is no JSON object: {error}")).and_then(|Object(all)| all.finish());
            let added = op.and_then(|op| entries.add(self.lines, op));
            added.map_err(|reason| BadText { line: self.lines, reason })?;
        }
        Ok(whole)
    }
}

/// The fields of an entry without extras that is written as this crate writes it, which is nearly every one. Only its
/// value and its error need a reader of JSON.
fn common(line: &str) -> Option<Fields> {
    let (_, rest) = number(line.strip_prefix("{\"index\":")?)?;
    let (time, rest) = number(rest.strip_prefix(",\"time\":")?)?;
    let (kind, rest) = word(rest.strip_prefix(",\"type\":")?)?;
    let rest = rest.strip_prefix(",\"process\":")?;
    let is_word = rest.starts_with('"');
    let (process, rest) = if is_word { word(rest)? } else { number(rest)? };
    let (f, rest) = word(rest.strip_prefix(",\"f\":")?)?;
    let (content, rest) = value(rest.strip_prefix(",\"value\":")?)?;
    let error = match rest.strip_prefix(",\"error\":") {
        Some(rest) => Some(value(rest).filter(|(_, rest)| *rest == "}")?.0),
        None if rest == "}" => None,
        None => return None,
    };
    let mut fields = Fields::default();
    fields.add("time", Field::Json(time));
    fields.add("type", Field::Word(kind));
    fields.add("process", if is_word { Field::Word(process) } else { Field::Json(process) });
    fields.add("f", Field::Word(f));
    fields.add("value", Field::Raw(content));
    if let Some(error) = error {
        fields.add("error", Field::Raw(error));
    }
    Some(fields)
}

/// The value at the beginning of a text, and what follows.
fn value(text: &str) -> Option<(&RawValue, &str)> {
    let mut values = JsonReader::from_str(text).into_iter::<&RawValue>();
    let value = values.next()?.ok()?;
    Some((value, &text[values.byte_offset()..]))
}

/// The number at the beginning of a text, if it has neither a sign nor a point, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_json = digits == 1 || digits > 1 && !text.starts_with('0');
    is_json.then(|| text.split_at(digits))
}

/// The content of the string at the beginning of a text, if it has no escapes, and what follows.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.strip_prefix('"')?.split_once('"')?;
    word.bytes().all(|byte| byte >= b' ' && byte != b'\\').then_some((word, rest))
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
            r#"{"index":0,"time":1,"type":"so","process":"me","f":"","value":"é"}"#,
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
