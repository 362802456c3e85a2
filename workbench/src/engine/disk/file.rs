//! A file of a simulated disk: its contents as a reader sees them, its contents after a crash, and the writes in between.

use std::collections::VecDeque;

/// The number of a change to a disk. All changes to all files and entries are numbered in one order.
pub(super) type ChangeNumber = u64;

/// A file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The contents with every write.
    cached: Vec<u8>,
    /// The contents that no crash takes away.
    durable: Vec<u8>,
    /// The writes that are not durable, in order.
    writes: VecDeque<(ChangeNumber, Write)>,
}

/// A change to the contents of a file.
#[derive(Debug)]
pub(super) enum Write {
    /// Bytes at an offset, which was the end of the file.
    Append { offset: usize, bytes: Vec<u8> },
    /// A new, smaller length.
    Truncate(usize),
}

impl Write {
    /// The number of bytes written.
    fn len(&self) -> usize {
        match self {
            Self::Append { bytes, .. } => bytes.len(),
            Self::Truncate(_) => 0,
        }
    }

    /// Does the first `count` bytes of the write. Where an earlier write was lost, the file has a hole of zeros.
    fn apply(&self, contents: &mut Vec<u8>, count: usize) {
        match self {
            Self::Append { offset, bytes } if count > 0 => {
                let end = offset + count;
                contents.resize(contents.len().max(end), 0);
                contents[*offset..end].copy_from_slice(&bytes[..count]);
            }
            Self::Append { .. } => {}
            Self::Truncate(length) => contents.truncate(*length),
        }
    }
}

impl File {
    pub(super) fn cached(&self) -> &[u8] {
        &self.cached
    }

    pub(super) fn durable(&self) -> &[u8] {
        &self.durable
    }

    pub(super) fn append(&mut self, number: ChangeNumber, bytes: &[u8]) {
        let write = Write::Append { offset: self.cached.len(), bytes: bytes.to_vec() };
        self.cached.extend_from_slice(bytes);
        self.writes.push_back((number, write));
    }

    pub(super) fn truncate(&mut self, number: ChangeNumber, length: usize) {
        if length < self.cached.len() {
            self.cached.truncate(length);
            self.writes.push_back((number, Write::Truncate(length)));
        }
    }

    /// The writes that are not durable, each with its number and its length.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = (ChangeNumber, usize)> {
        self.writes.iter().map(|(number, write)| (*number, write.len()))
    }

    /// Makes the first `kept` writes before `end` durable, with the first `torn` bytes of the next one, and forgets the
    /// others before `end`: the reader goes on to see them, but no later sync writes them.
    pub(super) fn settle(&mut self, end: ChangeNumber, kept: usize, torn: usize) {
        let covered = self.writes.iter().take_while(|(number, _)| *number < end).count();
        for (index, (_, write)) in self.writes.drain(..covered).enumerate() {
            match index.cmp(&kept) {
                std::cmp::Ordering::Less => write.apply(&mut self.durable, write.len()),
                std::cmp::Ordering::Equal if torn > 0 => write.apply(&mut self.durable, torn),
                _ => {}
            }
        }
    }

    /// Ends the cache: the reader sees what is durable.
    pub(super) fn forget_cache(&mut self) {
        self.writes.clear();
        self.cached.clone_from(&self.durable);
    }

    /// Changes a durable byte.
    pub(super) fn flip(&mut self, offset: usize, mask: u8) {
        for contents in [&mut self.durable, &mut self.cached] {
            if let Some(byte) = contents.get_mut(offset) {
                *byte ^= mask;
            }
        }
    }
}
