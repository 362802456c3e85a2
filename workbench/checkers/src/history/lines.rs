//! The entries of a history in JSON, one object a line.

use crate::history::{
    entries::{Entries, Field, Fields},
    file::BadText,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
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
            let fields = serde_json::from_str::<Object>(line);
            let op =
                fields.map_err(|error| format!("this is no JSON object: {error}")).and_then(|Object(all)| all.finish());
            let added = op.and_then(|op| entries.add(self.lines, op));
            added.map_err(|reason| BadText { line: self.lines, reason })?;
        }
        Ok(whole)
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
