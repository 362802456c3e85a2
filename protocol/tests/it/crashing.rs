//! A disk that loses what was not synced, as little or as much of it as the seed draws.

use glomers_protocol::{
    DiskError, Storage,
    rand::{Rng, RngExt},
};
use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc};

/// A file, which keeps its contents when it is renamed.
#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Write>,
}

#[derive(Clone, Debug)]
enum Write {
    /// Bytes at a position.
    Append(usize, Vec<u8>),
    Truncate(usize),
}

/// The files by name, as numbers into [`Disk::files`].
type Folder = BTreeMap<String, usize>;

#[derive(Debug, Default)]
struct Disk {
    files: Vec<File>,
    synced: Folder,
    /// The folder after each change since the last sync.
    unsynced: Vec<Folder>,
    is_full: bool,
}

/// A disk that survives the nodes that use it. A clone is the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct CrashingStorage(Rc<RefCell<Disk>>);

impl Write {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Append(at, bytes) => {
                let overwritten = contents.len().min(at + bytes.len());
                contents.splice(*at..overwritten, bytes.iter().copied());
            }
            Self::Truncate(length) => contents.truncate(*length),
        }
    }

    /// The first part of a write that a crash tore, at any byte.
    fn torn(&self, rng: &mut impl Rng) -> Option<Self> {
        let Self::Append(at, bytes) = self else { return None };
        Some(Self::Append(*at, bytes[..rng.random_range(0..=bytes.len())].to_vec()))
    }
}

impl File {
    fn contents(&self) -> Vec<u8> {
        let mut contents = self.synced.clone();
        self.unsynced.iter().for_each(|write| write.apply(&mut contents));
        contents
    }
}

impl Disk {
    fn folder(&self) -> &Folder {
        self.unsynced.last().unwrap_or(&self.synced)
    }

    fn change(&mut self, change: impl FnOnce(&mut Folder)) {
        let mut folder = self.folder().clone();
        change(&mut folder);
        self.unsynced.push(folder);
    }

    fn file(&mut self, operation: &'static str, name: &str) -> Result<&mut File, DiskError> {
        let missing = || DiskError::Io { operation, file: name.to_owned(), source: io::ErrorKind::NotFound.into() };
        let number = *self.folder().get(name).ok_or_else(missing)?;
        Ok(&mut self.files[number])
    }
}

impl CrashingStorage {
    /// Keeps of each file's writes, and of the folder's changes, the first ones. The last write that is kept may be torn, and a
    /// cut may be undone although a later write is kept.
    pub(crate) fn crash(&self, rng: &mut impl Rng) {
        let disk = &mut *self.0.borrow_mut();
        for file in &mut disk.files {
            let writes = std::mem::take(&mut file.unsynced);
            let kept = rng.random_range(0..=writes.len());
            let torn = writes.get(kept).and_then(|write| write.torn(rng));
            let loses_cuts = rng.random();
            for write in writes[..kept].iter().chain(&torn) {
                if !(loses_cuts && matches!(write, Write::Truncate(_))) {
                    write.apply(&mut file.synced);
                }
            }
        }
        let changes = std::mem::take(&mut disk.unsynced);
        if let Some(kept) = rng.random_range(0..=changes.len()).checked_sub(1) {
            disk.synced = changes[kept].clone();
        }
    }

    pub(crate) fn set_full(&self, is_full: bool) {
        self.0.borrow_mut().is_full = is_full;
    }

    /// Changes one byte of what was synced.
    pub(crate) fn flip(&self, name: &str, at: usize, mask: u8) {
        let disk = &mut *self.0.borrow_mut();
        let number = disk.synced[name];
        disk.files[number].synced[at] ^= mask;
    }

    /// The length of what was synced of a file.
    pub(crate) fn synced_length(&self, name: &str) -> usize {
        let disk = self.0.borrow();
        disk.synced.get(name).map_or(0, |number| disk.files[*number].synced.len())
    }
}

impl Storage for CrashingStorage {
    fn files(&self) -> Result<Vec<String>, DiskError> {
        Ok(self.0.borrow().folder().keys().cloned().collect())
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        let disk = self.0.borrow();
        Ok(disk.folder().get(file).map(|number| disk.files[*number].contents()))
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let disk = &mut *self.0.borrow_mut();
        if disk.is_full {
            return Err(DiskError::Full { file: file.to_owned() });
        }
        if !disk.folder().contains_key(file) {
            let number = disk.files.len();
            disk.files.push(File::default());
            disk.change(|folder| _ = folder.insert(file.to_owned(), number));
        }
        let file = disk.file("write", file)?;
        let at = file.contents().len();
        file.unsynced.push(Write::Append(at, bytes.to_vec()));
        Ok(())
    }

    fn truncate(&mut self, file: &str, len: u64) -> Result<(), DiskError> {
        let disk = &mut *self.0.borrow_mut();
        disk.file("cut", file)?.unsynced.push(Write::Truncate(usize::try_from(len).unwrap()));
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        let disk = &mut *self.0.borrow_mut();
        disk.file("rename", from)?;
        disk.change(|folder| {
            let number = folder.remove(from).unwrap();
            folder.insert(to.to_owned(), number);
        });
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        let disk = &mut *self.0.borrow_mut();
        disk.file("remove", file)?;
        disk.change(|folder| _ = folder.remove(file));
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        let disk = &mut *self.0.borrow_mut();
        for file in &mut disk.files {
            file.synced = file.contents();
            file.unsynced.clear();
        }
        disk.synced = disk.folder().clone();
        disk.unsynced.clear();
        Ok(())
    }
}
