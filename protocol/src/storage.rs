//! The interface to a disk, as a node sees it: one flat folder of files. Real files implement it under
//! [`run`](crate::run), and a simulated disk in a simulation, so the same handler runs over both.
//!
//! Writes go to a cache at once and are durable after a sync, as on a real disk. The driver of the node syncs, because that
//! takes time.

pub(crate) mod error;
pub(crate) mod folder;
mod guard;
pub(crate) mod memory;

use error::DiskError;

/// A folder of files. Names are plain file names: no folders, and no name that begins with a dot.
///
/// Later reads see a write at once, but a write survives a crash only after [`sync`](Self::sync). Of the writes to a file since
/// the last sync, a crash keeps the first ones, as many as it happens to, and perhaps a part of the next one. It does the same
/// with the changes to the folder.
pub trait Storage {
    /// The names of all files, sorted.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    fn files(&self) -> Result<Vec<String>, DiskError>;

    /// The contents of a file; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError>;

    /// Appends to a file, and creates it if there is none. It appends all bytes, or on an error none.
    ///
    /// # Errors
    ///
    /// [`DiskError::Full`] if there is no space, or another error if the file cannot be written.
    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError>;

    /// Cuts a file to its first `len` bytes.
    ///
    /// # Errors
    ///
    /// If there is no such file, or it cannot be written.
    fn truncate(&mut self, file: &str, len: u64) -> Result<(), DiskError>;

    /// Renames a file. It replaces a file `to` in one step: after a crash there is one or the other, whole.
    ///
    /// # Errors
    ///
    /// If there is no such file, or the folder cannot be written.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// If there is no such file, or the folder cannot be written.
    fn remove(&mut self, file: &str) -> Result<(), DiskError>;

    /// Makes everything that was written before durable: first the contents of files, then the changes to the folder.
    ///
    /// # Errors
    ///
    /// If the disk fails. What was written since the last sync may then be lost, even if a later sync succeeds.
    fn sync(&mut self) -> Result<(), DiskError>;
}
