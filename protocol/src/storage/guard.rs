//! The guard of a data folder: it makes the folder, locks it while the process lives, and checks its format.
//!
//! The lock is on an open file, so it ends with the process, however that ends.

use super::error::DiskError;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// The file with the folder's format. Names with a dot are not those of a node's files.
const FORMAT: &str = ".format";

/// The file that is locked. It holds the id of the process.
const LOCK: &str = ".lock";

/// The file that is there after a sync has failed.
const FAILED: &str = ".failed";

/// The file that takes another one's place when it is whole.
const NEW: &str = ".new";

/// The format that this program writes, and the newest that it reads.
const VERSION: u32 = 1;

/// A data folder that this process has.
#[derive(Debug)]
pub(crate) struct Guard {
    path: PathBuf,
    folder: File,
    /// Locked as long as it is open.
    _lock: File,
}

impl Guard {
    /// Makes and locks the folder. Its format is durable after the first [`Self::sync_folder`].
    pub(super) fn take(path: &Path) -> Result<Self, DiskError> {
        let failed = |operation| {
            let file = path.to_string_lossy().into_owned();
            move |source| DiskError::Io { operation, file, source }
        };
        make(path).map_err(failed("make the data folder"))?;
        // Before the lock, which is a file in the folder.
        let is_new = check_format(path)?;
        let lock = lock(path)?;
        if is_new {
            write_format(path).map_err(failed("write to the data folder"))?;
        }
        let folder = File::open(path).map_err(failed("open the data folder"))?;
        Ok(Self { path: path.to_owned(), folder, _lock: lock })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.path
    }

    /// Makes the changes to the folder durable.
    pub(super) fn sync_folder(&self) -> io::Result<()> {
        self.folder.sync_all()
    }

    /// Notes for the next process that a sync has failed. Like the pages that are in question, the note outlives the process
    /// and not the system.
    pub(super) fn note_failure(&self) {
        // If not even this can be written, the error of the sync is still reported.
        let _ = File::create(self.path.join(FAILED));
    }

    /// Tells if a sync of an earlier process has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.path.join(FAILED).exists()
    }

    pub(super) fn forget_failure(&self) -> io::Result<()> {
        fs::remove_file(self.path.join(FAILED))
    }

    /// Writes a file once more, from what can be read of it.
    pub(super) fn write_anew(&self, path: &Path) -> io::Result<()> {
        let new = self.path.join(NEW);
        let mut file = File::create(&new)?;
        file.write_all(&fs::read(path)?)?;
        file.sync_all()?;
        fs::rename(new, path)
    }
}

/// Makes a folder and those above it, all of them durable.
fn make(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(path)?;
    let parents = missing.iter().filter_map(|folder| folder.parent());
    parents.filter(|parent| !parent.as_os_str().is_empty()).try_for_each(|parent| File::open(parent)?.sync_all())
}

/// Returns true if the folder has no format because it is empty.
fn check_format(path: &Path) -> Result<bool, DiskError> {
    let file = path.join(FORMAT);
    let name = || file.to_string_lossy().into_owned();
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return check_empty(path),
        Err(source) => return Err(DiskError::Io { operation: "read", file: name(), source }),
    };
    match text.trim_end().parse() {
        Ok(version) if version <= VERSION => Ok(false),
        Ok(found) => Err(DiskError::Newer { file: name(), found, known: VERSION }),
        Err(_) => {
            let reason = format!("it should hold the number of a format, but holds {:?}", text.trim_end());
            Err(DiskError::Corrupt { file: name(), offset: 0, reason })
        }
    }
}

/// A folder without a format is new if there is nothing in it but what a node makes before it writes the format.
fn check_empty(path: &Path) -> Result<bool, DiskError> {
    let folder = || path.to_string_lossy().into_owned();
    let failed = |source| DiskError::Io { operation: "list", file: folder(), source };
    for entry in fs::read_dir(path).map_err(failed)? {
        if !entry.map_err(failed)?.file_name().to_string_lossy().starts_with(LOCK) {
            return Err(DiskError::Foreign { folder: folder() });
        }
    }
    Ok(true)
}

/// Locks the folder and notes the process.
fn lock(path: &Path) -> Result<File, DiskError> {
    let file = path.join(LOCK);
    let failed = |source| {
        let file = file.to_string_lossy().into_owned();
        DiskError::Io { operation: "write", file, source }
    };
    let mut lock =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&file).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(source)) => return Err(failed(source)),
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&file).ok().and_then(|text| text.trim_end().parse().ok());
            return Err(DiskError::Locked { folder: path.to_string_lossy().into_owned(), pid });
        }
    }
    lock.set_len(0).map_err(failed)?;
    writeln!(lock, "{}", std::process::id()).map_err(failed)?;
    Ok(lock)
}

/// Writes the format in one step: a node that dies on the way leaves a folder that is still new.
fn write_format(path: &Path) -> io::Result<()> {
    let new = path.join(format!("{LOCK}.new"));
    let mut file = File::create(&new)?;
    writeln!(file, "{VERSION}")?;
    file.sync_all()?;
    fs::rename(new, path.join(FORMAT))
}
