//! A file as pieces of text.

use std::{
    io::{self, Read},
    str,
};

/// The bytes that are read at a time, at most, until a piece turns out to be too small.
const SIZE: usize = 1 << 18;

/// The pieces of a file. Each begins where its reader stopped in the one before.
#[derive(Debug)]
pub(super) struct Pieces<R> {
    file: R,
    bytes: Vec<u8>,
    /// The number of bytes that were read and not passed.
    length: usize,
    /// The number of bytes that the next piece has at least, unless the file ends.
    needed: usize,
    is_at_end: bool,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, bytes: vec![0; SIZE], length: 0, needed: 1, is_at_end: false }
    }

    /// The next piece, and true if it is the last one.
    pub(super) fn next(&mut self) -> io::Result<(&str, bool)> {
        if self.needed > self.bytes.len() {
            self.bytes.resize(self.needed, 0);
        }
        while self.length < self.needed && !self.is_at_end {
            match self.file.read(&mut self.bytes[self.length..]) {
                Ok(0) => self.is_at_end = true,
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let text = match str::from_utf8(&self.bytes[..self.length]) {
            Ok(text) => text,
            // A character of which the rest is yet to come.
            Err(error) if error.error_len().is_none() && !self.is_at_end => {
                str::from_utf8(&self.bytes[..error.valid_up_to()]).map_err(invalid)?
            }
            Err(error) => return Err(invalid(error)),
        };
        Ok((text, self.is_at_end))
    }

    /// Passes over what was read of the last piece. If it was nothing, the next one is at least twice as long, so that
    /// the time that is lost is in proportion to the length.
    pub(super) fn pass(&mut self, read: usize) {
        self.bytes.copy_within(read..self.length, 0);
        self.length -= read;
        self.needed = if read == 0 { 2 * self.length } else { self.length } + 1;
    }
}

fn invalid(error: str::Utf8Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
