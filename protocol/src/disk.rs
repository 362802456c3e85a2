//! A handler's disk: [`Context::disk`].

use crate::{
    context::Context,
    group_commit::GroupCommit,
    storage::{
        Storage,
        error::{DiskError, check_name},
    },
};
use std::{
    cell::RefMut,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

/// The disk.
impl Context {
    /// The node's disk, or `None` if the node has none and everything stays in memory. It is opened on first use.
    ///
    /// Under [`run`](crate::run) a node has a disk unless `GLOMERS_DATA` is empty. In a simulation it has one if the options say
    /// so.
    ///
    /// # Errors
    ///
    /// If the disk cannot be opened: the folder cannot be written, another process uses it, or a newer program wrote it.
    pub fn disk(&self) -> Result<Option<Disk>, DiskError> {
        Ok(self.group_commit()?.map(|commit| Disk { cx: self.clone(), commit }))
    }
}

/// A node's disk: one folder of files; made by [`Context::disk`]. Cloning is cheap, and every clone is the same disk.
///
/// Most handlers keep a [`Log`](crate::Log). The operations here are for those that need more. They change what later
/// operations see at once, but only [`sync`](Self::sync) makes them durable. See [`Storage`] for what a crash leaves.
///
/// Names are plain file names of letters, digits, `-`, `_` and `.`.
#[derive(Clone)]
pub struct Disk {
    cx: Context,
    commit: Rc<GroupCommit>,
}

impl Disk {
    /// The names of all files, sorted.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn files(&self) -> Result<Vec<String>, DiskError> {
        self.storage().files()
    }

    /// The contents of a file; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        check_name(file)?;
        self.storage().read(file)
    }

    /// Appends to a file, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// If there is no space or the disk fails. Nothing was appended then.
    pub fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        check_name(file)?;
        self.storage().append(file, bytes)
    }

    /// Cuts a file to its first `len` bytes.
    ///
    /// # Errors
    ///
    /// If there is no such file or the disk fails.
    pub fn truncate(&self, file: &str, len: u64) -> Result<(), DiskError> {
        check_name(file)?;
        self.storage().truncate(file, len)
    }

    /// Renames a file, which replaces a file `to` in one step. Await a [`sync`](Self::sync) of the contents before.
    ///
    /// # Errors
    ///
    /// If there is no such file or the disk fails.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        check_name(from)?;
        check_name(to)?;
        self.storage().rename(from, to)
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// If there is no such file or the disk fails.
    pub fn remove(&self, file: &str) -> Result<(), DiskError> {
        check_name(file)?;
        self.storage().remove(file)
    }

    /// Waits until everything that was written before this call is durable. One sync serves all that wait.
    ///
    /// If the sync fails, the node stops and the future never ends: what was written may be lost, and only a new start from
    /// what is durable can tell. So an answer behind this `await` is never sent for data that is not durable.
    pub fn sync(&self) -> Synced {
        Synced { number: self.commit.want_sync(), commit: Rc::clone(&self.commit) }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.cx
    }

    pub(crate) fn commit(&self) -> &GroupCommit {
        &self.commit
    }

    pub(crate) fn storage(&self) -> RefMut<'_, Box<dyn Storage>> {
        self.commit.storage()
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

/// A future that waits for a sync; made by [`Disk::sync`].
#[must_use = "nothing is durable before the sync has been awaited"]
pub struct Synced {
    number: u64,
    commit: Rc<GroupCommit>,
}

impl Future for Synced {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        self.commit.poll_ended(self.number, cx.waker())
    }
}

impl fmt::Debug for Synced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Synced").field("number", &self.number).finish_non_exhaustive()
    }
}
