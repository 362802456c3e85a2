//! The disk of a simulated node. Writes go to a cache at once, and a sync, which takes time, makes them durable. A crash
//! keeps what is durable and, of the rest, as much as chance has it: for each file and for the folder some of the first
//! changes, and perhaps a part of the next. So a rename may survive the data that was to be renamed, as on real disks.
//!
//! A sync that fails makes as much durable as a crash would have. The rest stays in the cache, but no later sync writes it:
//! the reader sees it until the next crash. Linux does so (Rebello et al., "Can Applications Recover from fsync Failures?",
//! 2020).
//!
//! A disk has its own random numbers, so a simulation without disks is the same with and without this module. The disk
//! outlives the incarnations of its node; the node of each incarnation is driven by `node`.

mod condition;
mod file;
mod folder;
pub(crate) mod node;
mod state;

use crate::options::{Fault, Options};
use glomers_json::SortedMap;
use glomers_protocol::{DiskError, NodeId, Storage};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use state::State;
use std::{cell::RefCell, fmt, rc::Rc, time::Duration};

/// The number that tells the random numbers of the disks from all others of the same seed.
const DISKS: u64 = 0x6469_736b;

/// The disks of all nodes.
#[derive(Default)]
pub(crate) struct Disks(SortedMap<NodeId, SimulatedDisk>);

impl Disks {
    /// A disk for each node, if the options ask for disks and the nodes are simulated.
    pub(crate) fn new(options: &Options, is_hosted: bool) -> Self {
        if is_hosted || !options.has_disk() {
            return Self::default();
        }
        let mut rng = Pcg64Mcg::seed_from_u64(options.seed ^ DISKS);
        let disk = |id: &String| (NodeId::from(id.as_str()), SimulatedDisk::new(options.disk_latency, rng.next_u64()));
        Self(options.nodes.iter().map(disk).collect())
    }

    /// The disk of a node, if it has one.
    pub(crate) fn of(&self, node: &NodeId) -> Option<&SimulatedDisk> {
        self.0.get(node)
    }

    /// The number of writes, syncs or bytes that a fault has affected.
    pub(crate) fn affected(&self, fault: Fault) -> usize {
        self.0.values().map(|disk| disk.0.borrow().condition.affected(fault)).sum()
    }
}

/// The disk of a simulated node. A clone is the same disk.
#[derive(Clone)]
pub struct SimulatedDisk(Rc<RefCell<State>>);

/// For tests.
impl SimulatedDisk {
    /// The names of the files that the node sees, sorted.
    pub fn files(&self) -> Vec<String> {
        self.0.borrow().folder.names().cloned().collect()
    }

    /// The contents of a file that the node sees, with what is not durable; `None` if there is no such file.
    pub fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.0.borrow().file(file).map(|file| file.cached().to_vec())
    }

    /// The contents of a file that no crash takes away; `None` if there is no such file, or none that has a durable name.
    pub fn durable(&self, file: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        state.durable().find(|(name, _)| *name == file).map(|(_, file)| file.durable().to_vec())
    }

    /// The changes that are not durable, in order, each as its number of bytes: 0 for one that appends nothing.
    pub fn unsynced(&self) -> Vec<usize> {
        self.0.borrow().unsynced().into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// Has the next crash keep exactly the first `changes` changes that are not durable then, and `bytes` bytes of the
    /// next one. Otherwise the seed decides.
    pub fn keep(&self, changes: usize, bytes: usize) {
        self.0.borrow_mut().plan = Some((changes, bytes));
    }

    /// Has the next sync that ends fail.
    pub fn fail_next_sync(&self) {
        self.0.borrow_mut().condition.fail_next();
    }

    /// Changes the bits `mask` of a durable byte. A node that has read it already does not notice.
    pub fn flip(&self, file: &str, offset: usize, mask: u8) {
        if let Some(file) = self.0.borrow_mut().file_mut(file) {
            file.flip(offset, mask);
        }
    }

    /// Begins a fault: [`Fault::DiskSlow`], [`Fault::DiskFull`] or [`Fault::DiskError`].
    pub fn begin(&self, fault: Fault) {
        let State { condition, rng, .. } = &mut *self.0.borrow_mut();
        condition.impose(fault, rng);
    }

    /// Ends a fault.
    pub fn end(&self, fault: Fault) {
        self.0.borrow_mut().condition.lift(fault);
    }
}

/// For the engine.
impl SimulatedDisk {
    /// An empty disk whose syncs take this time in the mean.
    fn new(latency: Duration, seed: u64) -> Self {
        Self(Rc::new(RefCell::new(State::new(latency, Pcg64Mcg::seed_from_u64(seed)))))
    }

    /// Loses what is not durable, as far as the seed, or [`Self::keep`], decides.
    pub(crate) fn crash(&self) {
        self.0.borrow_mut().crash();
    }

    /// Begins a fault, or damages the disk. Returns what happened, for the history.
    pub(crate) fn strike(&self, fault: Fault) -> String {
        self.begin(fault);
        match fault {
            Fault::DiskSlow => "slow".to_owned(),
            Fault::DiskFull => "full".to_owned(),
            Fault::DiskError => "failing".to_owned(),
            _ => match self.0.borrow_mut().corrupt() {
                Some((file, offset)) => format!("byte {offset} of {file} changed"),
                None => "nothing to change".to_owned(),
            },
        }
    }

    /// Tells whether a sync has failed since the last crash.
    pub(crate) fn has_lost_data(&self) -> bool {
        self.0.borrow().has_lost_data
    }

    /// Tells whether a fault has refused a write, failed a sync or changed a byte.
    pub(crate) fn was_struck(&self) -> bool {
        let faults = [Fault::DiskFull, Fault::DiskError, Fault::DiskCorrupt];
        faults.into_iter().any(|fault| self.0.borrow().condition.affected(fault) > 0)
    }

    /// Begins a sync of all changes so far, and returns the time that it takes.
    pub(crate) fn begin_sync(&self) -> Duration {
        self.0.borrow_mut().begin_sync()
    }

    /// Ends the sync that was begun.
    pub(crate) fn end_sync(&self) -> Result<(), DiskError> {
        self.0.borrow_mut().end_sync()
    }
}

/// The node's side.
impl Storage for SimulatedDisk {
    fn files(&self) -> Result<Vec<String>, DiskError> {
        Ok(Self::files(self))
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, DiskError> {
        Ok(Self::read(self, file))
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.borrow_mut().append(file, bytes)
    }

    fn truncate(&mut self, file: &str, len: u64) -> Result<(), DiskError> {
        self.0.borrow_mut().truncate(file, len)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.0.borrow_mut().rename(from, to)
    }

    fn remove(&mut self, file: &str) -> Result<(), DiskError> {
        self.0.borrow_mut().remove(file)
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.begin_sync();
        self.end_sync()
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, unsynced) = (self.files(), self.unsynced().len());
        f.debug_struct("SimulatedDisk").field("files", &files).field("unsynced", &unsynced).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
