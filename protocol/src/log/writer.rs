//! The writing side of a log: entries wait in a buffer until a sync begins, and a compaction goes through the steps that
//! leave the old log or the new one, whole, whenever the node dies.

use super::format::{Encode, Frames};
use crate::{
    group_commit::Buffer,
    storage::{Storage, error::DiskError},
};
use std::cell::RefCell;

/// The writing side of a log's file.
pub(super) struct Writer {
    file: String,
    state: RefCell<State>,
}

struct State {
    step: Step,
    /// The frames that the storage does not have yet.
    buffer: Frames,
    /// The length after the last compaction, or when the log was opened.
    base_length: u64,
    /// The number of entries and compactions so far.
    appended: u64,
    /// The number of them that the sync under way makes durable.
    syncing: Option<u64>,
    /// The number of them that are durable.
    durable: u64,
    is_full: bool,
}

/// The next step of a log whose file is not simply extended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// The buffer goes to the file.
    Extend,
    /// A torn tail was cut from the file, and the cut is not durable. Until it is, nothing is appended: what is behind the
    /// cut could come back between the old frames and the new ones.
    Cut,
    /// The buffer is a whole new log and goes to the new file.
    Replace,
    /// The new file was written.
    Written,
    /// The new file is durable and takes the place of the old one.
    Rename,
    /// The new file was renamed.
    Renamed,
}

/// The ending of the name of a log that is not complete.
const NEW: &str = ".new";

impl Writer {
    /// Continues a file of `length` whole bytes; 0 begins it. `is_cut`: a torn tail was cut.
    pub(super) fn new(file: &str, length: usize, is_cut: bool) -> Self {
        let buffer = Frames::behind(length as u64);
        let base_length = buffer.length;
        let step = if is_cut { Step::Cut } else { Step::Extend };
        let state = State { step, buffer, base_length, appended: 0, syncing: None, durable: 0, is_full: false };
        Self { file: file.to_owned(), state: RefCell::new(state) }
    }

    /// The name of the file in which a compaction is written.
    pub(super) fn new_file(file: &str) -> String {
        format!("{file}{NEW}")
    }

    pub(super) fn append(&self, encode: &Encode<'_>) {
        let state = &mut *self.state.borrow_mut();
        state.buffer.push(encode);
        state.appended += 1;
    }

    pub(super) fn replace(&self, new: Frames) {
        let state = &mut *self.state.borrow_mut();
        state.step = Step::Replace;
        state.base_length = new.length;
        state.buffer = new;
        state.appended += 1;
    }

    /// The number of entries and compactions so far.
    pub(super) fn appended(&self) -> u64 {
        self.state.borrow().appended
    }

    /// Returns true if the first `count` entries and compactions are durable.
    pub(super) fn is_durable(&self, count: u64) -> bool {
        self.state.borrow().durable >= count
    }

    /// Returns true if the storage had no space when the last sync began.
    pub(super) fn is_full(&self) -> bool {
        self.state.borrow().is_full
    }

    /// The length of the log, and what it was after the last compaction or when it was opened.
    pub(super) fn lengths(&self) -> (u64, u64) {
        let state = self.state.borrow();
        (state.buffer.length, state.base_length)
    }
}

impl State {
    /// Goes as far as it can before a sync.
    fn write(&mut self, file: &str, storage: &mut dyn Storage) -> Result<(), DiskError> {
        let new = Writer::new_file(file);
        match self.step {
            Step::Cut => return Ok(()),
            Step::Replace => {
                if storage.read(&new)?.is_some() {
                    storage.remove(&new)?;
                }
                storage.append(&new, &self.buffer.bytes)?;
                self.step = Step::Written;
                self.buffer.bytes.clear();
                return Ok(());
            }
            Step::Rename => {
                storage.rename(&new, file)?;
                self.step = Step::Renamed;
            }
            Step::Extend | Step::Written | Step::Renamed => {}
        }
        if !self.buffer.bytes.is_empty() {
            storage.append(file, &self.buffer.bytes)?;
            self.buffer.bytes.clear();
        }
        self.syncing = Some(self.appended);
        Ok(())
    }
}

impl Buffer for Writer {
    fn file(&self) -> &str {
        &self.file
    }

    fn sync_begins(&self, storage: &mut dyn Storage) -> Result<(), DiskError> {
        let state = &mut *self.state.borrow_mut();
        let written = state.write(&self.file, storage);
        state.is_full = matches!(written, Err(DiskError::Full { .. }));
        if state.is_full { Ok(()) } else { written }
    }

    fn sync_ended(&self) {
        let state = &mut *self.state.borrow_mut();
        if let Some(count) = state.syncing.take() {
            state.durable = count;
        }
        state.step = match state.step {
            Step::Written => Step::Rename,
            Step::Cut | Step::Renamed => Step::Extend,
            step @ (Step::Extend | Step::Replace | Step::Rename) => step,
        };
    }
}
