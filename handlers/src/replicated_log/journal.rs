//! The journal: everything that the next process of a node must know, as records of a log on its disk. Without a disk
//! there is nothing in it, and everything counts as durable.
//!
//! A record is written at once and durable after a sync. One sync is in progress at a time, and covers all that was
//! written before it began. Whatever follows from a record is [`Held`] until then: messages to other nodes, and the
//! execution of the commands of a single node. So a node never tells what it could forget, and to the other nodes its
//! steps are atomic.
//!
//! A node whose disk does not answer is silent: it sends nothing, not even heartbeats, so that the others find another
//! leader.
//!
//! A journal that is damaged is put aside, and the node starts as a new incarnation, which the others include. It does
//! not count for a first configuration, because it may have been in an earlier one (`newcomer.rs`).

#[cfg(test)]
use super::mutants::{Mistake, makes};
use super::past::Record;
use glomers_protocol::{Context, DiskError, Log};
use std::{cell::Cell, collections::VecDeque, rc::Rc, time::Duration};

/// The name of the log.
const NAME: &str = "consensus";

/// The name under which a damaged log is kept.
const DAMAGED: &str = "consensus.damaged";

/// The time that a sync may take before the node counts as gone.
const OVERDUE: Duration = Duration::from_secs(1);

/// The records of one incarnation of a node.
#[derive(Clone)]
pub(super) struct Journal {
    /// The number of processes of this incarnation before this one.
    pub(super) process: u64,
    disk: Option<Rc<OnDisk>>,
}

/// A journal with a disk. Records are numbered from 1.
struct OnDisk {
    log: Log<Record>,
    written: Cell<u64>,
    /// The last record before which nothing may leave that follows from it.
    vital: Cell<u64>,
    durable: Cell<u64>,
    /// The sync in progress: the last record that it covers, and its beginning.
    syncing: Cell<Option<(u64, Duration)>>,
}

/// The contents of a disk when the node starts.
pub(super) struct Opened {
    log: Option<Log<Record>>,
    pub(super) records: Vec<Record>,
    /// Set if an earlier journal was damaged.
    pub(super) has_lost: bool,
}

impl Opened {
    /// Reads the disk, if there is one.
    pub(super) fn open(cx: &Context) -> Result<Self, DiskError> {
        let Some(disk) = cx.disk()? else { return Ok(Self { log: None, records: Vec::new(), has_lost: false }) };
        let (log, records) = match Log::open(&disk, NAME) {
            Err(DiskError::Corrupt { file, .. }) if cx.ids().len() > 1 => {
                disk.rename(&file, DAMAGED)?;
                Log::open(&disk, NAME)?
            }
            opened => opened?,
        };
        let has_lost = disk.files()?.iter().any(|file| file == DAMAGED);
        Ok(Self { log: Some(log), records, has_lost })
    }

    /// The journal of a process of an incarnation.
    pub(super) fn continued(self, process: u64) -> Journal {
        #[cfg(test)]
        let process = if makes(Mistake::ForgetsProcesses) { 0 } else { process };
        let on_disk = |log| OnDisk {
            log,
            written: Cell::new(0),
            vital: Cell::new(0),
            durable: Cell::new(0),
            syncing: Cell::new(None),
        };
        Journal { process, disk: self.log.map(on_disk).map(Rc::new) }
    }
}

impl Journal {
    /// Appends a record that must be durable before anything leaves that follows from it.
    pub(super) fn append(&self, record: &Record) {
        self.append_later(record);
        if let Some(disk) = &self.disk {
            disk.vital.set(disk.written.get());
        }
    }

    /// Appends a record that becomes durable with the next one.
    pub(super) fn append_later(&self, record: &Record) {
        #[cfg(test)]
        if makes(Mistake::ForgetsPromises) && record.is_promise() {
            return;
        }
        if let Some(disk) = &self.disk {
            disk.log.append(record);
            disk.written.update(|number| number + 1);
        }
    }

    /// Returns true if records outlive the process.
    pub(super) fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// The number of records so far.
    pub(super) fn written(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.written.get())
    }

    /// The number of the record for which outputs have to wait.
    pub(super) fn vital(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.vital.get())
    }

    /// Returns true if the first `number` records are durable.
    pub(super) fn is_durable(&self, number: u64) -> bool {
        #[cfg(test)]
        if makes(Mistake::AnswersBeforeSync) {
            return true;
        }
        self.disk.as_ref().is_none_or(|disk| disk.durable.get() >= number)
    }

    /// Returns true if the disk has not answered for long.
    pub(super) fn is_stuck(&self, now: Duration) -> bool {
        let syncing = self.disk.as_ref().and_then(|disk| disk.syncing.get());
        syncing.is_some_and(|(_, since)| now > since + OVERDUE)
    }

    /// Begins a sync if one is needed and none is in progress. Call [`ended`](Self::ended) after it. If there are too
    /// many records, one with `everything` takes their place.
    pub(super) fn sync(
        &self,
        now: Duration,
        everything: &dyn Fn() -> Record,
    ) -> Option<impl Future<Output = ()> + use<>> {
        let disk = self.disk.as_ref()?;
        if disk.syncing.get().is_some() || disk.durable.get() >= disk.vital.get() {
            return None;
        }
        if disk.log.wants_compaction() {
            disk.log.compact([&everything()]);
        }
        disk.syncing.set(Some((disk.written.get(), now)));
        Some(disk.log.sync())
    }

    /// Notes that the sync has ended.
    pub(super) fn ended(&self) {
        if let Some(disk) = &self.disk
            && let Some((number, _)) = disk.syncing.take()
        {
            disk.durable.set(number);
        }
    }
}

/// Items that wait, in order, until the records before them are durable.
pub(super) struct Held<T>(VecDeque<(u64, T)>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Held<T> {
    /// Adds an item that follows from what has been recorded so far.
    pub(super) fn push(&mut self, journal: &Journal, item: T) {
        self.0.push_back((journal.vital(), item));
    }

    /// The next item that need not wait.
    pub(super) fn next(&mut self, journal: &Journal) -> Option<T> {
        let (number, _) = self.0.front()?;
        if journal.is_durable(*number) { self.0.pop_front().map(|(_, item)| item) } else { None }
    }
}
