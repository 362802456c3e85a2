//! The lines of a process's stdout, ended as Java's `readLine` ends them: by LF, CR, or CR and LF (Maelstrom:
//! `process.clj`).
//!
//! The length of a line is bounded. Maelstrom would take a line of any length, and run out of memory by it; here a line of
//! [`LONGEST_LINE`] bytes ends the node's part in the test, like any other thing that is not a message.

use std::io::{BufRead, BufReader, ErrorKind, Read};

/// The length from which on a line is too long, in bytes. No workload has messages of a hundredth of it.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// The length from which on a buffer gives its memory back.
pub(super) const LONG_LINE: usize = 64 << 10;

/// A line without its end.
pub(crate) struct RawLine {
    pub(crate) bytes: Vec<u8>,
    /// False for the beginning of a line that is too long.
    pub(crate) is_whole: bool,
}

pub(super) struct LineReader<R> {
    reader: BufReader<R>,
    longest: usize,
    /// True behind a CR: an LF that follows belongs to it.
    is_behind_return: bool,
    /// True in the rest of a line that was too long.
    is_skipping: bool,
}

impl<R: Read> LineReader<R> {
    pub(super) fn new(stream: R, longest: usize) -> Self {
        Self { reader: BufReader::new(stream), longest, is_behind_return: false, is_skipping: false }
    }

    /// The next line; `None` at the end. The last line needs no end. `waiting` is shown the beginning of a line whenever
    /// the rest is not there yet.
    pub(super) fn next(&mut self, mut waiting: impl FnMut(&[u8])) -> Option<RawLine> {
        let mut bytes = Vec::new();
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok([]) => return (!bytes.is_empty()).then_some(RawLine { bytes, is_whole: true }),
                Ok(buffer) => buffer,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            };
            if std::mem::take(&mut self.is_behind_return) && buffer[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            let room = if self.is_skipping { buffer.len() } else { buffer.len().min(self.longest - bytes.len()) };
            let end = buffer[..room].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(room);
            if !self.is_skipping {
                bytes.extend_from_slice(&buffer[..taken]);
            }
            if let Some(end) = end {
                self.is_behind_return = buffer[end] == b'\r';
                self.reader.consume(end + 1);
                if !std::mem::take(&mut self.is_skipping) {
                    return Some(RawLine { bytes, is_whole: true });
                }
                continue;
            }
            self.reader.consume(taken);
            if bytes.len() == self.longest {
                self.is_skipping = true;
                return Some(RawLine { bytes, is_whole: false });
            }
            if !self.is_skipping {
                waiting(&bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the lines of a stdout whose lines may have 7 bytes, with `...` for one that is too long.
    #[track_caller]
    fn check(stdout: &str, expected: &[&str]) {
        let mut reader = LineReader::new(stdout.as_bytes(), 8);
        let mut lines = Vec::new();
        while let Some(line) = reader.next(|_| {}) {
            lines.push(if line.is_whole { String::from_utf8(line.bytes).unwrap() } else { "...".to_owned() });
        }
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_may_be_as_long_as_allowed() {
        check("", &[]);
        check("a\n\nb", &["a", "", "b"]);
        check("1234567\na\n", &["1234567", "a"]);
        check("12345678\na\n", &["...", "a"]);
        check("1234567890123456789\na", &["...", "a"]);
        check("1234567890123456789", &["..."]);
    }

    #[test]
    fn a_carriage_return_ends_a_line() {
        check("a\rb\r\nc\n\rd\r\r\n", &["a", "b", "c", "", "d", ""]);
    }

    #[test]
    fn the_beginning_of_a_line_is_shown() {
        let (mut reader, mut shown) = (LineReader::new(&b"one\ntwo"[..], 8), Vec::new());
        while reader.next(|begin| shown.push(begin.to_vec())).is_some() {}
        assert_eq!(shown, [b"two"]);
    }
}
