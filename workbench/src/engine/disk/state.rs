//! The contents of a simulated disk, and the fate of changes at the end of a sync and in a crash.

use crate::{
    engine::disk::{
        condition::Condition,
        file::{ChangeNumber, File},
        folder::{FileNumber, Folder},
    },
    options::Fault,
};
use glomers_json::SortedMap;
use glomers_protocol::DiskError;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::{io, time::Duration};

/// A disk.
pub(super) struct State {
    files: SortedMap<FileNumber, File>,
    pub(super) folder: Folder,
    /// The number of the next change, or of the next file.
    next: u64,
    /// The end of the changes that the sync in progress covers.
    syncing: Option<ChangeNumber>,
    pub(super) condition: Condition,
    /// The number of changes, and of bytes of the one after, that the next crash keeps.
    pub(super) plan: Option<(usize, usize)>,
    pub(super) rng: Pcg64Mcg,
    /// True after a failed sync, until the next crash.
    pub(super) has_lost_data: bool,
}

impl State {
    pub(super) fn new(latency: Duration, rng: Pcg64Mcg) -> Self {
        Self {
            files: SortedMap::new(),
            folder: Folder::default(),
            next: 0,
            syncing: None,
            condition: Condition::new(latency),
            plan: None,
            rng,
            has_lost_data: false,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn file(&self, name: &str) -> Option<&File> {
        self.files.get(&self.folder.file(name)?)
    }

    pub(super) fn file_mut(&mut self, name: &str) -> Option<&mut File> {
        self.files.get_mut(&self.folder.file(name)?)
    }

    /// The durable files with their names.
    pub(super) fn durable(&self) -> impl Iterator<Item = (&String, &File)> {
        self.folder.durable().filter_map(|(name, number)| Some((name, self.files.get(&number)?)))
    }

    pub(super) fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
        if !self.condition.has_room(bytes.len()) {
            return Err(DiskError::Full { file: name.to_owned() });
        }
        if self.folder.file(name).is_none() {
            let (number, file) = (self.number(), self.number());
            self.files.insert(file, File::default());
            self.folder.create(number, name, file);
        }
        let number = self.number();
        self.existing(name, "append to")?.append(number, bytes);
        Ok(())
    }

    pub(super) fn truncate(&mut self, name: &str, length: u64) -> Result<(), DiskError> {
        let number = self.number();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.existing(name, "truncate")?.truncate(number, length);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.existing(from, "rename")?;
        if let Some(file) = self.folder.file(from).filter(|_| from != to) {
            let number = self.number();
            self.folder.rename(number, from, to, file);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), DiskError> {
        self.existing(name, "remove")?;
        let number = self.number();
        self.folder.remove(number, name);
        Ok(())
    }

    fn existing(&mut self, name: &str, operation: &'static str) -> Result<&mut File, DiskError> {
        let missing = || DiskError::Io { operation, file: name.to_owned(), source: io::ErrorKind::NotFound.into() };
        self.file_mut(name).ok_or_else(missing)
    }

    /// The changes that are not durable, in order, with their lengths.
    pub(super) fn unsynced(&self) -> Vec<(ChangeNumber, usize)> {
        let writes = self.files.values().flat_map(File::unsynced);
        let mut all: Vec<_> = writes.chain(self.folder.unsynced().map(|number| (number, 0))).collect();
        all.sort_unstable();
        all
    }

    pub(super) fn begin_sync(&mut self) -> Duration {
        self.syncing = Some(self.next + 1);
        self.condition.sync_time(&mut self.rng)
    }

    pub(super) fn end_sync(&mut self) -> Result<(), DiskError> {
        let Some(end) = self.syncing.take() else { return Ok(()) };
        if self.condition.fails(&mut self.rng) {
            self.settle(end, &Kept::Drawn);
            self.has_lost_data = true;
            return Err(DiskError::Sync { source: io::Error::other("simulated: the disk reports an error") });
        }
        self.settle(end, &Kept::All);
        self.drop_unreferenced();
        Ok(())
    }

    pub(super) fn crash(&mut self) {
        self.syncing = None;
        self.has_lost_data = false;
        let kept = self.plan.take().map_or(Kept::Drawn, |(changes, bytes)| {
            let cut = self.unsynced().get(changes).map_or(ChangeNumber::MAX, |(number, _)| *number);
            Kept::Before(cut, bytes)
        });
        self.settle(ChangeNumber::MAX, &kept);
        self.files.iter_mut().for_each(|(_, file)| file.forget_cache());
        self.folder.forget_cache();
        self.drop_unreferenced();
    }

    /// Decides the fate of all changes before `end`.
    fn settle(&mut self, end: ChangeNumber, kept: &Kept) {
        for (_, file) in self.files.iter_mut() {
            let covered: Vec<_> = file.unsynced().take_while(|(number, _)| *number < end).collect();
            let (count, torn) = kept.of(&covered, &mut self.rng);
            file.settle(end, count, torn);
        }
        let covered: Vec<_> =
            self.folder.unsynced().take_while(|number| *number < end).map(|number| (number, 0)).collect();
        let (count, _) = kept.of(&covered, &mut self.rng);
        self.folder.settle(end, count);
    }

    fn drop_unreferenced(&mut self) {
        let referenced = self.folder.referenced();
        self.files.retain(|number, _| referenced.contains(number));
    }

    /// Flips a bit of a durable byte, any one with the same probability.
    pub(super) fn corrupt(&mut self) -> Option<(String, usize)> {
        let sizes: Vec<_> = self.durable().map(|(name, file)| (name.clone(), file.durable().len())).collect();
        let all: usize = sizes.iter().map(|(_, size)| size).sum();
        let mut offset = (all > 0).then(|| self.rng.random_range(0..all))?;
        let bit = self.rng.random_range(0..8);
        let mut sizes = sizes.into_iter();
        let (name, _) = sizes.find(|(_, size)| {
            let is_here = offset < *size;
            if !is_here {
                offset -= size;
            }
            is_here
        })?;
        self.file_mut(&name)?.flip(offset, 1 << bit);
        self.condition.count(Fault::DiskCorrupt);
        Some((name, offset))
    }
}

/// The changes that become durable, of those to one file or to the folder.
enum Kept {
    All,
    /// Some of the first, and perhaps a part of the next.
    Drawn,
    /// Those with smaller numbers, and this many bytes of the one with this number.
    Before(ChangeNumber, usize),
}

impl Kept {
    /// The number of changes that are kept, and of bytes of the one after.
    fn of(&self, changes: &[(ChangeNumber, usize)], rng: &mut Pcg64Mcg) -> (usize, usize) {
        match self {
            Self::All => (changes.len(), 0),
            Self::Drawn if changes.is_empty() => (0, 0),
            Self::Drawn => {
                let count = rng.random_range(0..=changes.len());
                let next = changes.get(count).map_or(0, |(_, length)| *length);
                let is_torn = next > 0 && rng.random();
                (count, if is_torn { rng.random_range(0..next) } else { 0 })
            }
            Self::Before(cut, bytes) => {
                let count = changes.iter().take_while(|(number, _)| number < cut).count();
                let next = changes.get(count).filter(|(number, _)| number == cut);
                (count, next.map_or(0, |(_, length)| *length.min(bytes)))
            }
        }
    }
}
