//! Cuts a stream of bytes behind its lines, in place. The buffer grows for a long line and shrinks behind it.

use memchr::memrchr;
use std::io::{self, Read};

/// The least room for a read.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// The start of the bytes that have been read and not returned yet.
    start: usize,
    /// The end of the bytes that have been searched for a newline.
    searched: usize,
    /// The end of the bytes that have been read.
    end: usize,
}

impl Lines {
    /// Reads once and returns the number of bytes; 0 at the end of the input.
    pub(crate) fn fill(&mut self, input: &mut impl Read) -> io::Result<usize> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.searched -= self.start;
        self.end -= self.start;
        self.start = 0;
        // Twice the unfinished line, so that a long line is moved only as often as it doubles.
        self.buffer.resize(self.end + CHUNK_BYTES.max(self.end), 0);
        self.buffer.shrink_to(2 * CHUNK_BYTES);
        let read = loop {
            match input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.end += read;
        Ok(read)
    }

    /// The lines that are complete, once, each with its newline.
    pub(crate) fn complete(&mut self) -> &[u8] {
        let complete = match memrchr(b'\n', &self.buffer[self.searched..self.end]) {
            Some(last) => self.start..self.searched + last + 1,
            None => self.start..self.start,
        };
        (self.start, self.searched) = (complete.end, self.end);
        &self.buffer[complete]
    }

    /// The bytes behind the last newline.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that returns its bytes in pieces of the given sizes.
    struct Pieces<'a>(&'a [u8], Vec<usize>);

    impl Read for Pieces<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let size = self.1.pop().unwrap_or(self.0.len()).clamp(1, room.len()).min(self.0.len());
            let (piece, rest) = self.0.split_at(size);
            room[..size].copy_from_slice(piece);
            self.0 = rest;
            Ok(size)
        }
    }

    fn split(bytes: &[u8], pieces: Vec<usize>) -> Vec<Vec<u8>> {
        let (mut lines, mut input, mut out) = (Lines::default(), Pieces(bytes, pieces), Vec::new());
        while lines.fill(&mut input).unwrap() > 0 {
            let complete = lines.complete().split_inclusive(|byte| *byte == b'\n');
            out.extend(complete.map(|line| line.strip_suffix(b"\n").unwrap().to_vec()));
        }
        out.push(lines.rest().to_vec());
        out
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            pieces in prop::collection::vec(1..9_usize, 0..50),
        ) {
            let expected: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            prop_assert_eq!(split(&bytes, pieces), expected);
        }
    }

    #[test]
    fn a_long_line_comes_whole_and_gives_its_memory_back() {
        let line = [vec![b'x'; 10_000_000], b"\nshort\n".to_vec()].concat();
        let (mut lines, mut input) = (Lines::default(), Pieces(&line, Vec::new()));
        let mut lengths = Vec::new();
        while lines.fill(&mut input).unwrap() > 0 {
            lengths.extend(lines.complete().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len));
        }
        assert_eq!(lengths, [10_000_001, 6]);
        assert!(lines.buffer.capacity() <= 2 * CHUNK_BYTES, "{}", lines.buffer.capacity());
    }
}
