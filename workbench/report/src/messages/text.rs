//! The text of a message, plain or as it is in a file. Of a long one a page draws the ends, the type and the beginning, so no more
//! than that is read: the topology of a large cluster, which each node is told, takes hundreds of megabytes.

use crate::messages::index::LIMITS;
use glomers_checkers::text::shorten;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The text of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    Plain(&'a str),
    /// The content of a JSON string.
    Quoted {
        quoted: &'a str,
        /// The bytes of the text, if it is long.
        length: Option<usize>,
    },
}

/// The parts of a message that are drawn.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) src: String,
    pub(crate) dest: String,
    /// The type: a string's text, or the JSON of another value.
    pub(crate) kind: String,
    /// The text, cut at a limit.
    pub(crate) text: String,
}

/// The same as they are written.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

impl<'a> Text<'a> {
    /// The whole text.
    pub(crate) fn whole(&self) -> Cow<'a, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Quoted { quoted, .. } if !quoted.contains('\\') => Cow::Borrowed(quoted),
            Self::Quoted { quoted, .. } => {
                serde_json::from_str(&format!("\"{quoted}\"")).map_or(Cow::Borrowed(quoted), Cow::Owned)
            }
        }
    }

    /// The parts of a message that are drawn; `None` if the text is no message.
    pub(crate) fn drawn(&self, limit: usize) -> Option<Drawn> {
        self.skimmed(limit).or_else(|| {
            let text = self.whole();
            let Head { src, dest, body } = serde_json::from_str(&text).ok()?;
            let kind = body.kind.map(kind).unwrap_or_default();
            Some(Drawn { src: src.into(), dest: dest.into(), kind, text: shorten(&text, limit).into_owned() })
        })
    }

    /// The same for a long message as nodes and clients write it: there are no escapes in it, and it begins with what is drawn.
    fn skimmed(&self, limit: usize) -> Option<Drawn> {
        const TYPE: &str = r#"\"type\""#;
        let Self::Quoted { quoted, length: Some(length) } = *self else { return None };
        if length <= limit || quoted.contains(r"\\") {
            return None;
        }
        // Nothing else may be the type.
        let (_, behind) = quoted.split_once(TYPE)?;
        if behind.contains(TYPE) {
            return None;
        }
        let begin = beginning(quoted, limit)?;
        let (src, rest) = begin.strip_prefix(r#"{"src":""#)?.split_once(r#"","dest":""#)?;
        let (dest, rest) = rest.split_once(r#"","body":{"type":""#)?;
        let (kind, _) = rest.split_once('"')?;
        if kind.len() > LIMITS[LIMITS.len() - 1] || src.contains('"') || dest.contains('"') {
            return None;
        }
        let text = format!("{}\u{2026} ({length} bytes)", &begin[..begin.floor_char_boundary(limit)]);
        Some(Drawn { src: src.to_owned(), dest: dest.to_owned(), kind: kind.to_owned(), text })
    }
}

/// The first bytes of a text, and the rest of its last character; `None` if it has other escapes than those of quotes.
fn beginning(quoted: &str, bytes: usize) -> Option<String> {
    let mut begin = String::with_capacity(bytes + 4);
    let mut rest = quoted.chars();
    while begin.len() < bytes {
        match rest.next()? {
            '\\' => begin.push(rest.next().filter(|escaped| *escaped == '"')?),
            other => begin.push(other),
        }
    }
    Some(begin)
}

fn kind(kind: &RawValue) -> String {
    let text = serde_json::from_str(kind.get()).unwrap_or_else(|_| kind.get().to_owned());
    shorten(&text, LIMITS[LIMITS.len() - 1]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skimmed_is_what_is_read() {
        let long = "\u{e9}x".repeat(200);
        let message = |src: &str, body: &str| format!(r#"{{"src":"{src}","dest":"n0","body":{{{body}}}}}"#);
        let rows = [
            (message("c1", &format!(r#""type":"echo","echo":"{long}""#)), true),
            (message("c1", &format!(r#""type":"echo","echo":{{"a":["{long}",1.50]}}"#)), true),
            (message("c1", &format!(r#""type":"echo","echo":"{long}\n""#)), false),
            (message("c1", &format!(r#""type":"echo","echo":"{long}\"""#)), false),
            (message("c1", &format!(r#""echo":"{long}","type":"echo""#)), false),
            (message("c1", &format!(r#""type":"echo","echo":"{long}","type":1"#)), false),
            (message("c1", &format!(r#""type":["echo"],"echo":"{long}""#)), false),
            (message("c\\u0031", &format!(r#""type":"echo","echo":"{long}""#)), false),
            (message(&long, r#""type":"echo""#), false),
            (message("c1", &format!("\"type\":\"echo\",\t\"echo\":\"{long}\"")), false),
            (message("c1", &format!("\"type\":\"echo\",\"echo\":\"{long}\"\t")), true),
            (format!(r#"{{"dest":"n0","src":"c1","body":{{"type":"echo","echo":"{long}"}}}}"#), false),
        ];
        for (text, is_skimmed) in rows {
            let quoted = serde_json::to_string(&text).unwrap();
            let quoted = &quoted[1..quoted.len() - 1];
            let written = Text::Quoted { quoted, length: Some(text.len()) };
            assert_eq!(written.whole(), text);
            assert_eq!(written.skimmed(250).is_some(), is_skimmed, "{text}");
            for limit in LIMITS {
                assert_eq!(written.drawn(limit), Text::Plain(&text).drawn(limit), "{text}");
            }
        }
        assert_eq!(Text::Plain("not a message").drawn(250), None);
    }
}
