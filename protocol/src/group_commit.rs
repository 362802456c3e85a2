//! One sync for all that wait. Writers ask for a sync and wait. The driver begins one, syncs the storage, and reports its
//! result. A sync covers what was written before it began, so a writer that asks while one is under way waits for the next.

use crate::storage::{Storage, error::DiskError};
use std::{
    cell::{Cell, RefCell, RefMut},
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

/// A node's storage, and the syncs of it. They are numbered from 1; one runs at a time.
pub(crate) struct GroupCommit {
    storage: RefCell<Box<dyn Storage>>,
    /// The number of the last sync that began.
    begun: Cell<u64>,
    /// The number of the last sync that ended.
    ended: Cell<u64>,
    /// The number of the last sync that a task waits for.
    wanted: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
    buffers: RefCell<Vec<Weak<dyn Buffer>>>,
}

/// Writes that are held back until a sync begins, so that many cost one call of the system.
pub(crate) trait Buffer {
    /// The file that the writes are for. It has one buffer at a time.
    fn file(&self) -> &str;

    /// Hands the writes to the storage, as a sync begins.
    fn sync_begins(&self, storage: &mut dyn Storage) -> Result<(), DiskError>;

    /// The sync has ended: what was handed over before it began is durable.
    fn sync_ended(&self);
}

impl GroupCommit {
    pub(crate) fn new(storage: Box<dyn Storage>) -> Self {
        Self {
            storage: RefCell::new(storage),
            begun: Cell::new(0),
            ended: Cell::new(0),
            wanted: Cell::new(0),
            waiting: RefCell::default(),
            buffers: RefCell::default(),
        }
    }

    pub(crate) fn storage(&self) -> RefMut<'_, Box<dyn Storage>> {
        self.storage.borrow_mut()
    }

    /// Adds a buffer until it is dropped.
    pub(crate) fn add_buffer(&self, buffer: &Rc<dyn Buffer>) -> Result<(), DiskError> {
        let mut buffers = self.buffers.borrow_mut();
        buffers.retain(|buffer| buffer.strong_count() > 0);
        if buffers.iter().filter_map(Weak::upgrade).any(|other| other.file() == buffer.file()) {
            return Err(DiskError::OpenTwice { file: buffer.file().to_owned() });
        }
        buffers.push(Rc::downgrade(buffer));
        Ok(())
    }

    /// Asks for a sync of what has been written, and returns its number.
    pub(crate) fn want_sync(&self) -> u64 {
        let number = self.begun.get() + 1;
        self.wanted.set(number);
        number
    }

    /// Waits for the end of a sync.
    pub(crate) fn poll_ended(&self, number: u64, waker: &Waker) -> Poll<()> {
        if self.ended.get() >= number {
            return Poll::Ready(());
        }
        // A future that is polled in place waits only when it is a task.
        if !waker.will_wake(Waker::noop()) {
            self.waiting.borrow_mut().push(waker.clone());
        }
        Poll::Pending
    }

    pub(crate) fn is_syncing(&self) -> bool {
        self.begun.get() > self.ended.get()
    }

    /// Returns true if a task waits for a sync that can begin now.
    pub(crate) fn wants_sync(&self) -> bool {
        self.wanted.get() > self.begun.get() && !self.is_syncing()
    }

    pub(crate) fn begin(&self) -> Result<(), DiskError> {
        assert!(!self.is_syncing(), "a node has one sync at a time: call `synced` before the next `begin_sync`");
        self.begun.update(|number| number + 1);
        let mut storage = self.storage();
        let buffers = self.buffers.borrow();
        buffers.iter().filter_map(Weak::upgrade).try_for_each(|buffer| buffer.sync_begins(&mut **storage))
    }

    /// Ends a sync that succeeded.
    pub(crate) fn end(&self) {
        self.ended.set(self.begun.get());
        self.buffers.borrow().iter().filter_map(Weak::upgrade).for_each(|buffer| buffer.sync_ended());
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}
