//! From lines to messages: several are read before the first of them is served ([`READ_AHEAD`]).

use crate::{error::Rejected, message::Message};
use memchr::{Memchr, memchr_iter};

/// The number of messages that are read before the first of them is served.
///
/// The code that reads a message and the code that serves it do not both fit into the nearest cache of a processor: with each
/// message, one pushes the other out. This way each runs for many messages in a row.
const READ_AHEAD: usize = 16;

/// A message, or the reason why a line is none.
pub(crate) type Read<'a> = Result<Message<'a>, Rejected>;

/// Lines that have not been read.
pub(crate) struct Unread<'a> {
    lines: &'a [u8],
    /// The lines as text, if all of them are.
    text: Option<&'a str>,
    newlines: Memchr<'a>,
    /// The start of the next line.
    start: usize,
}

impl<'a> Unread<'a> {
    /// `lines` are whole; the last one may lack its newline.
    pub(crate) fn new(lines: &'a [u8]) -> Self {
        Self { lines, text: std::str::from_utf8(lines).ok(), newlines: memchr_iter(b'\n', lines), start: 0 }
    }

    /// Reads lines until there are [`READ_AHEAD`] messages in the list, or no line is left. Blank lines are left out.
    pub(crate) fn read(&mut self, messages: &mut Vec<Read<'a>>) {
        while self.start < self.lines.len() && messages.len() < READ_AHEAD {
            let (start, newline) = (self.start, self.newlines.next());
            let end = newline.unwrap_or(self.lines.len());
            self.start = newline.map_or(end, |newline| newline + 1);
            let line = &self.lines[start..end];
            if line.first() == Some(&b'{') || !line.trim_ascii().is_empty() {
                messages.push(match self.text {
                    Some(text) => Message::parse(&text[start..end]),
                    None => Message::read(line),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"src":"c1","dest":"n1","body":{"type":"t"}}"#;

    fn read(lines: &[u8]) -> Vec<Result<String, String>> {
        let (mut unread, mut read) = (Unread::new(lines), Vec::new());
        unread.read(&mut read);
        let kind = |read: &Read<'_>| match read {
            Ok(message) => Ok(message.src().to_owned()),
            Err(rejected) => Err(rejected.to_string()),
        };
        read.iter().map(kind).collect()
    }

    #[test]
    fn blank_lines_are_no_messages() {
        let message = Ok("c1".to_owned());
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n \n\r\n\t"), []);
        assert_eq!(read(format!("{LINE}\n\n{LINE}\r\n  {LINE}").as_bytes()), vec![message; 3]);
    }

    #[test]
    fn a_bad_line_is_refused_alone() {
        let lines = [LINE.as_bytes(), b"\xff", b"{}", LINE.as_bytes()].join(&b'\n');
        let read = read(&lines);
        assert!(read[0].is_ok() && read[3].is_ok() && read.len() == 4, "{read:?}");
        assert_eq!(read[1], Err("skipped a line that is not UTF-8: \u{fffd}".to_owned()));
        assert!(read[2].as_ref().is_err_and(|error| error.ends_with(": {}")), "{read:?}");
    }
}
