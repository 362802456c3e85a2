//! The folder of a simulated disk: names of files as a reader sees them, as a crash leaves them, and the changes in between.

use crate::engine::disk::file::ChangeNumber;
use glomers_json::{SortedMap, SortedSet};
use std::collections::VecDeque;

/// The number of a file, which it keeps under any name.
pub(super) type FileNumber = u64;

/// The names of the files.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// The names with every change.
    cached: SortedMap<String, FileNumber>,
    /// The names that no crash takes away.
    durable: SortedMap<String, FileNumber>,
    /// The changes that are not durable, in order.
    changes: VecDeque<(ChangeNumber, Change)>,
}

/// A change to the names. Each is durable as a whole or not at all.
#[derive(Debug)]
enum Change {
    Create(String, FileNumber),
    Rename { from: String, to: String, file: FileNumber },
    Remove(String),
}

impl Change {
    fn apply(&self, names: &mut SortedMap<String, FileNumber>) {
        match self {
            Self::Create(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

impl Folder {
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.cached.keys()
    }

    pub(super) fn file(&self, name: &str) -> Option<FileNumber> {
        self.cached.get(name).copied()
    }

    /// The durable files with their names.
    pub(super) fn durable(&self) -> impl Iterator<Item = (&String, FileNumber)> {
        self.durable.iter().map(|(name, file)| (name, *file))
    }

    pub(super) fn create(&mut self, number: ChangeNumber, name: &str, file: FileNumber) {
        self.change(number, Change::Create(name.to_owned(), file));
    }

    pub(super) fn rename(&mut self, number: ChangeNumber, from: &str, to: &str, file: FileNumber) {
        self.change(number, Change::Rename { from: from.to_owned(), to: to.to_owned(), file });
    }

    pub(super) fn remove(&mut self, number: ChangeNumber, name: &str) {
        self.change(number, Change::Remove(name.to_owned()));
    }

    fn change(&mut self, number: ChangeNumber, change: Change) {
        change.apply(&mut self.cached);
        self.changes.push_back((number, change));
    }

    /// The numbers of the changes that are not durable.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = ChangeNumber> {
        self.changes.iter().map(|(number, _)| *number)
    }

    /// Makes the first `kept` changes before `end` durable and forgets the others before `end`.
    pub(super) fn settle(&mut self, end: ChangeNumber, kept: usize) {
        let covered = self.changes.iter().take_while(|(number, _)| *number < end).count();
        self.changes.drain(..covered).take(kept).for_each(|(_, change)| change.apply(&mut self.durable));
    }

    /// Ends the cache: the reader sees what is durable.
    pub(super) fn forget_cache(&mut self) {
        self.changes.clear();
        self.cached.clone_from(&self.durable);
    }

    /// The files that have a name, had one that is durable, or get one by a change that is not durable.
    pub(super) fn referenced(&self) -> SortedSet<FileNumber> {
        let pending = self.changes.iter().filter_map(|(_, change)| match change {
            Change::Create(_, file) | Change::Rename { file, .. } => Some(*file),
            Change::Remove(_) => None,
        });
        self.cached.values().chain(self.durable.values()).copied().chain(pending).collect()
    }
}
