//! A log of typed entries on the node's disk: the main tool of a handler that survives crashes.

mod format;
mod writer;

use crate::{disk::Disk, group_commit::Buffer, storage::error::DiskError};
use format::{Contents, Frame, Frames};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, future::Future, marker::PhantomData, rc::Rc, time::Duration};
use writer::Writer;

/// The time after which a log tries again to write to a full disk.
const RETRY: Duration = Duration::from_millis(100);

/// The length below which a log is not worth a compaction.
const SMALL_BYTES: u64 = 64 * 1024;

/// The factor by which a log may grow before a compaction.
const GROWTH: u64 = 4;

/// A log of entries on the node's disk.
///
/// [`open`](Self::open) replays it. [`append`](Self::append) adds an entry, which is durable when a [`sync`](Self::sync) that
/// was called later has ended. After a crash the log has every durable entry, and of the others the first ones, in order.
/// [`compact`](Self::compact) replaces all entries by fewer.
///
/// ```
/// use glomers_protocol::{
///     Context, DiskError, Log, handler,
///     g_counter::{Add, AddOk, Read, ReadOk},
/// };
/// use std::cell::Cell;
///
/// struct Counter {
///     total: Cell<i64>,
///     log: Option<Log<i64>>,
/// }
///
/// #[handler(g_counter)]
/// impl Counter {
///     #[init]
///     fn new(cx: &Context) -> Result<Self, DiskError> {
///         let Some(disk) = cx.disk()? else { return Ok(Self { total: Cell::new(0), log: None }) };
///         let (log, additions) = Log::<i64>::open(&disk, "additions")?;
///         Ok(Self { total: Cell::new(additions.iter().sum()), log: Some(log) })
///     }
///
///     async fn add(&self, request: Add) -> AddOk {
///         self.total.update(|total| total + request.delta);
///         if let Some(log) = &self.log {
///             log.append(&request.delta);
///             log.sync().await;
///         }
///         AddOk {}
///     }
///
///     fn read(&self, _: Read) -> ReadOk {
///         ReadOk { value: self.total.get() }
///     }
/// }
/// ```
pub struct Log<T> {
    writer: Rc<Writer>,
    disk: Disk,
    entries: PhantomData<fn(&T)>,
}

impl<T: DeserializeOwned> Log<T> {
    /// Opens the log with a name, or begins it, and returns its entries. Its file is `NAME.log`.
    ///
    /// Entries that a crash left incomplete are cut off, with a warning.
    ///
    /// # Errors
    ///
    /// If the file is damaged, is newer than this program, holds entries of another type, or cannot be read.
    pub fn open(disk: &Disk, name: &str) -> Result<(Self, Vec<T>), DiskError> {
        let file = format!("{name}.log");
        let (bytes, contents) = read(disk, &file)?;
        let entries = contents.frames.iter().map(|frame| decode(&file, &bytes, frame)).collect::<Result<_, _>>()?;
        let writer = write(disk, &file, bytes.len(), contents.whole)?;
        Ok((Self { writer, disk: disk.clone(), entries: PhantomData }, entries))
    }

    /// Appends an entry. It becomes durable with the next [`sync`](Self::sync) that anything on this disk waits for.
    ///
    /// # Panics
    ///
    /// If the entry has no JSON form.
    pub fn append(&self, entry: &T)
    where
        T: Serialize,
    {
        self.append_as(entry);
    }

    /// Appends an entry in the form of another type, which borrows what a `T` owns and has the same JSON form. What cannot
    /// be decoded as a `T` makes the next [`open`](Self::open) fail.
    ///
    /// # Panics
    ///
    /// If the entry has no JSON form.
    pub fn append_as<E: Serialize + ?Sized>(&self, entry: &E) {
        self.writer.append(&|out| serde_json::to_writer(out, entry));
    }

    /// Replaces everything in the log by these entries, to which later ones are appended.
    ///
    /// A crash before the end of the next [`sync`](Self::sync) leaves the old log or the new one, whole.
    ///
    /// # Panics
    ///
    /// If an entry has no JSON form.
    pub fn compact<'a>(&self, entries: impl IntoIterator<Item = &'a T>)
    where
        T: Serialize + 'a,
    {
        self.compact_as(entries);
    }

    /// Replaces everything by entries in the form of another type, as [`append_as`](Self::append_as) has it.
    ///
    /// # Panics
    ///
    /// If an entry has no JSON form.
    pub fn compact_as<'a, E: Serialize + ?Sized + 'a>(&self, entries: impl IntoIterator<Item = &'a E>) {
        let mut new = Frames::new();
        entries.into_iter().for_each(|entry| new.push(&|out| serde_json::to_writer(out, entry)));
        self.writer.replace(new);
    }

    /// Returns true if the log has grown to a multiple of its length after the last compaction, and is not small.
    pub fn wants_compaction(&self) -> bool {
        let (length, base) = self.writer.lengths();
        length > SMALL_BYTES && length > GROWTH * base
    }

    /// Waits until everything that was appended before this call is durable, and the compactions before it are complete.
    ///
    /// One sync serves all that wait, in this log and in others. While the disk is full it waits and tries again. If a sync
    /// fails, the node stops, and the future never ends ([`Disk::sync`]).
    #[must_use = "nothing is durable before the sync has been awaited"]
    pub fn sync(&self) -> impl Future<Output = ()> + use<T> {
        sync(&self.writer, &self.disk)
    }
}

// The parts that do not depend on the type of the entries are functions of their own, which are compiled once.

/// Reads a log, and removes what a compaction left that a crash broke off.
fn read(disk: &Disk, file: &str) -> Result<(Vec<u8>, Contents), DiskError> {
    let new = Writer::new_file(file);
    if disk.read(&new)?.is_some() {
        disk.remove(&new)?;
    }
    let bytes = disk.read(file)?.unwrap_or_default();
    let contents = format::read(file, &bytes)?;
    Ok((bytes, contents))
}

/// The writer that appends to the `whole` part of a log of `length` bytes. The rest is cut off.
fn write(disk: &Disk, file: &str, length: usize, whole: usize) -> Result<Rc<Writer>, DiskError> {
    let torn = length - whole;
    if torn > 0 {
        tracing::warn!("cut {torn} bytes that a crash left incomplete from the end of `{file}`");
        disk.truncate(file, whole as u64)?;
    }
    let writer = Rc::new(Writer::new(file, whole, torn > 0));
    disk.commit().add_buffer(&(Rc::clone(&writer) as Rc<dyn Buffer>))?;
    Ok(writer)
}

fn sync(writer: &Rc<Writer>, disk: &Disk) -> impl Future<Output = ()> + use<> {
    let (writer, disk, count) = (Rc::clone(writer), disk.clone(), writer.appended());
    let mut next = (!writer.is_durable(count)).then(|| disk.sync());
    async move {
        while let Some(sync) = next.take() {
            sync.await;
            if writer.is_durable(count) {
                return;
            }
            if writer.is_full() {
                disk.context().sleep(RETRY).await;
            }
            next = Some(disk.sync());
        }
    }
}

/// Decodes an entry as a string, as messages are: one reader of JSON is compiled for both.
fn decode<T: DeserializeOwned>(file: &str, bytes: &[u8], frame: &Frame) -> Result<T, DiskError> {
    let damaged = |detail: String| DiskError::Entry { file: file.to_owned(), offset: frame.offset as u64, detail };
    let text = str::from_utf8(&bytes[frame.payload.clone()]).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| damaged(error.to_string()))
}

impl<T> fmt::Debug for Log<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("file", &self.writer.file()).finish_non_exhaustive()
    }
}
