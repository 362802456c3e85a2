//! The format of a log's file, and its reader.
//!
//! ```text
//! file   = header frame*
//! header = magic (8 bytes), version (u32), CRC32C of both (u32)
//! frame  = length (u32), CRC32C of position and length (u32), CRC32C of payload (u32), payload
//! ```
//!
//! Numbers are little-endian. The length has a checksum of its own, because a damaged length would look like a frame whose
//! end was not written. So the reader can tell the two apart: a crash shortens the file, and damage changes its bytes. Some
//! file systems lengthen a file before they write its blocks, which are zeros after a crash, so zeros up to the end are
//! a torn tail too; no frame is all zeros. The position is in the checksum, because a frame at another place is damage.

use crate::storage::error::DiskError;
use std::ops::Range;

const MAGIC: &[u8; 8] = b"glomlog\n";

/// The version that this program writes, and the newest that it reads.
const VERSION: u32 = 1;

const HEADER_BYTES: usize = 16;

/// The length of a frame without its payload.
const FRAME_BYTES: usize = 12;

/// Writes the payload of a frame.
pub(super) type Encode<'a> = dyn Fn(&mut Vec<u8>) -> serde_json::Result<()> + 'a;

/// The frames of a file, or a part of them behind what the file has already.
pub(super) struct Frames {
    pub(super) bytes: Vec<u8>,
    /// The length of the file with these frames.
    pub(super) length: u64,
}

impl Frames {
    /// The beginning of a file.
    pub(super) fn new() -> Self {
        let mut bytes = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        Self { length: bytes.len() as u64, bytes }
    }

    /// The part behind a file of this length.
    pub(super) fn behind(length: u64) -> Self {
        if length == 0 { Self::new() } else { Self { bytes: Vec::new(), length } }
    }

    /// Appends a frame. The payload is encoded where it stays, and its length and its checksum are filled in afterwards.
    ///
    /// # Panics
    ///
    /// If the payload has no JSON form, or has 4 GiB or more.
    pub(super) fn push(&mut self, encode: &Encode<'_>) {
        let start = self.bytes.len();
        self.bytes.extend([0; FRAME_BYTES]);
        if let Err(error) = encode(&mut self.bytes) {
            self.bytes.truncate(start);
            panic!("an entry of a log has no JSON form: {error}");
        }
        let (frame, payload) = self.bytes[start..].split_at_mut(FRAME_BYTES);
        let length = u32::try_from(payload.len()).expect("an entry of a log is smaller than 4 GiB");
        frame[..4].copy_from_slice(&length.to_le_bytes());
        frame[4..8].copy_from_slice(&place(self.length, length).to_le_bytes());
        frame[8..].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        self.length += (self.bytes.len() - start) as u64;
    }
}

/// The checksum of a frame's position and length.
fn place(offset: u64, length: u32) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), &length.to_le_bytes())
}

/// The contents of a file.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Contents {
    pub(super) frames: Vec<Frame>,
    /// The length of the part that is whole. The rest, if there is any, is a torn tail.
    pub(super) whole: usize,
}

/// A frame that is whole.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Frame {
    pub(super) offset: usize,
    /// The position of the payload.
    pub(super) payload: Range<usize>,
}

/// Reads a file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Contents, DiskError> {
    let mut contents = Contents::default();
    if is_torn(bytes) {
        return Ok(contents);
    }
    let Some(start) = bytes.get(..HEADER_BYTES) else {
        // A file that was made before a crash.
        return if Frames::new().bytes.starts_with(bytes) {
            Ok(contents)
        } else {
            Err(corrupt(file, 0, "it is no log"))
        };
    };
    check_header(file, start)?;
    contents.whole = HEADER_BYTES;
    while let Some(frame) = next_frame(file, bytes, contents.whole)? {
        contents.whole = frame.payload.end;
        contents.frames.push(frame);
    }
    Ok(contents)
}

fn check_header(file: &str, header: &[u8]) -> Result<(), DiskError> {
    if !header.starts_with(MAGIC) {
        return Err(corrupt(file, 0, "it does not begin as a log"));
    }
    if crc32c::crc32c(&header[..12]) != number(&header[12..]) {
        return Err(corrupt(file, 0, "the checksum of the header does not match"));
    }
    match number(&header[8..]) {
        0..=VERSION => Ok(()),
        found => Err(DiskError::Newer { file: file.to_owned(), found, known: VERSION }),
    }
}

/// The frame at `offset`; `None` if the whole part of the file ends there.
fn next_frame(file: &str, bytes: &[u8], offset: usize) -> Result<Option<Frame>, DiskError> {
    let rest = &bytes[offset..];
    if is_torn(rest) {
        return Ok(None);
    }
    let Some((frame, rest)) = rest.split_at_checked(FRAME_BYTES) else { return Ok(None) };
    let length = number(frame);
    if place(offset as u64, length) != number(&frame[4..]) {
        return Err(corrupt(file, offset, "the checksum of a frame's length does not match"));
    }
    let Some(payload) = rest.get(..length as usize) else { return Ok(None) };
    if crc32c::crc32c(payload) != number(&frame[8..]) {
        return Err(corrupt(file, offset, &format!("the checksum of a frame of {length} bytes does not match")));
    }
    let start = offset + FRAME_BYTES;
    Ok(Some(Frame { offset, payload: start..start + payload.len() }))
}

/// Returns true for nothing, and for blocks that were never written.
fn is_torn(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == 0)
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn corrupt(file: &str, offset: usize, reason: &str) -> DiskError {
    DiskError::Corrupt { file: file.to_owned(), offset: offset as u64, reason: reason.to_owned() }
}
