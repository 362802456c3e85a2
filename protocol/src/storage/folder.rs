//! Real files: the storage of a node that runs as a process.

use super::{Storage, error::DiskError, guard::Guard};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// A folder of real files, which one process has at a time.
#[derive(Debug)]
pub(crate) struct Folder {
    guard: Guard,
    /// The files that were written. A node has few.
    open: Vec<Open>,
    /// Files were made, renamed or removed since the last sync.
    is_changed: bool,
}

#[derive(Debug)]
struct Open {
    name: String,
    file: File,
    length: u64,
    is_changed: bool,
}

impl Folder {
    /// Opens a folder, or makes it, and locks it.
    ///
    /// # Errors
    ///
    /// If it cannot be written, another process has it, or a newer program made it. Nothing was changed then.
    pub(crate) fn open(path: &Path) -> Result<Self, DiskError> {
        let folder = Self { guard: Guard::take(path)?, open: Vec::new(), is_changed: false };
        folder.settle()?;
        Ok(folder)
    }

    /// Makes durable what an earlier process has written and not synced: it can be read now, and must not be lost later.
    ///
    /// After a sync that failed, the system may count pages as written that are not on the disk
    /// ([Rebello et al. 2020](https://www.usenix.org/conference/atc20/presentation/rebello)), and a further sync would not
    /// write them. So all files are then written anew.
    fn settle(&self) -> Result<(), DiskError> {
        let has_failed = self.guard.has_failed();
        for name in self.files()? {
            let path = self.path(&name);
            let settled = if has_failed {
                self.guard.write_anew(&path)
            } else {
                File::open(path).and_then(|file| file.sync_all())
            };
            settled.map_err(|error| failed("sync", &name, error))?;
        }
        let sync = |error| failed("sync the data folder", &self.guard.folder().to_string_lossy(), error);
        self.guard.sync_folder().map_err(sync)?;
        if has_failed { self.guard.forget_failure().map_err(sync) } else { Ok(()) }
    }

    fn sync_changed(&mut self) -> io::Result<()> {
        for open in self.open.iter_mut().filter(|open| open.is_changed) {
            open.file.sync_data()?;
            open.is_changed = false;
        }
        if self.is_changed {
            self.guard.sync_folder()?;
            self.is_changed = false;
        }
        Ok(())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.guard.folder().join(file)
    }

    /// The file, open for writing.
    fn file(&mut self, name: &str, create: bool) -> io::Result<&mut Open> {
        let place = match self.open.iter().position(|open| open.name == name) {
            Some(place) => place,
            None => {
                let path = self.path(name);
                self.is_changed |= create && !path.exists();
                let file = OpenOptions::new().append(true).create(create).open(path)?;
                let length = file.metadata()?.len();
                self.open.push(Open { name: name.to_owned(), file, length, is_changed: false });
                self.open.len() - 1
            }
        };
        Ok(&mut self.open[place])
    }
}

impl Open {
    /// Appends all bytes, or none.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.is_changed = true;
        let written = self.file.write_all(bytes);
        match written {
            Ok(()) => self.length += bytes.len() as u64,
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }
}

/// The error of an operation.
fn failed(operation: &'static str, file: &str, source: io::Error) -> DiskError {
    let file = file.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => DiskError::Full { file },
        _ => DiskError::Io { operation, file, source },
    }
}

impl Storage for Folder {
    fn files(&self) -> Result<Vec<String>, DiskError> {
        let list = || -> io::Result<Vec<String>> {
            let entries = fs::read_dir(self.guard.folder())?;
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        };
        let mut files = list().map_err(|error| failed("list", &self.guard.folder().to_string_lossy(), error))?;
        // The guard's own files.
        files.retain(|file| !file.starts_with('.'));
        files.sort();
        Ok(files)
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        match fs::read(self.path(file)) {
            Ok(contents) => Ok(Some(contents)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", file, error)),
        }
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        let appended = self.file(file, true).and_then(|open| open.append(bytes));
        appended.map_err(|error| failed("write", file, error))
    }

    fn truncate(&mut self, file: &str, len: u64) -> Result<(), DiskError> {
        let cut = self.file(file, false).and_then(|open| {
            open.is_changed = true;
            open.length = open.length.min(len);
            open.file.set_len(open.length)
        });
        cut.map_err(|error| failed("cut", file, error))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        fs::rename(self.path(from), self.path(to)).map_err(|error| failed("rename", from, error))?;
        self.is_changed = true;
        self.open.retain(|open| open.name != to);
        if let Some(open) = self.open.iter_mut().find(|open| open.name == from) {
            to.clone_into(&mut open.name);
        }
        Ok(())
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        fs::remove_file(self.path(file)).map_err(|error| failed("remove", file, error))?;
        self.is_changed = true;
        self.open.retain(|open| open.name != file);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.sync_changed().map_err(|source| {
            self.guard.note_failure();
            DiskError::Sync { source }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn files_are_written_anew_after_a_sync_that_failed() {
        let temporary = tempfile::TempDir::new().unwrap();
        let path = temporary.path();
        let inode = || fs::metadata(path.join("log")).unwrap().ino();
        let mut folder = Folder::open(path).unwrap();
        folder.append("log", b"kept").unwrap();
        folder.sync().unwrap();
        drop(folder);
        let before = inode();
        let folder = Folder::open(path).unwrap();
        assert_eq!(inode(), before, "nothing has failed");
        folder.guard.note_failure();
        drop(folder);
        let folder = Folder::open(path).unwrap();
        let written = inode();
        assert_ne!(written, before);
        assert_eq!(
            (folder.files().unwrap(), folder.read("log").unwrap()),
            (vec!["log".to_owned()], Some(b"kept".to_vec()))
        );
        drop(folder);
        Folder::open(path).unwrap();
        assert_eq!(inode(), written, "the failure is over");
    }
}
