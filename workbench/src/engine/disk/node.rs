//! A node with a disk, driven in virtual time: when the node waits for a sync one begins, takes its time, and ends.

use crate::engine::{disk::SimulatedDisk, participant::Participant};
use glomers_protocol::{Node, NodeId, Rejected};
use std::{rc::Rc, time::Duration};

/// A node with this disk, or without one.
pub(crate) fn participant(node: Node, disk: Option<&SimulatedDisk>) -> Box<dyn Participant> {
    match disk {
        Some(disk) => Box::new(DiskNode::new(node, disk)),
        None => Box::new(node),
    }
}

/// A node with a simulated disk.
pub(crate) struct DiskNode {
    node: Node,
    disk: SimulatedDisk,
    /// The end of the sync in progress.
    sync_end: Option<Duration>,
    /// True for a driver that takes every sync for a success.
    #[cfg(test)]
    ignores_errors: bool,
}

impl DiskNode {
    pub(crate) fn new(node: Node, disk: &SimulatedDisk) -> Self {
        let storage = disk.clone();
        Self {
            node: node.with_disk(move |_| Ok(Box::new(storage.clone()))),
            disk: disk.clone(),
            sync_end: None,
            #[cfg(test)]
            ignores_errors: false,
        }
    }

    /// The same, but a failed sync is taken for a success.
    #[cfg(test)]
    pub(crate) fn ignoring_errors(self) -> Self {
        Self { ignores_errors: true, ..self }
    }

    /// Ends the syncs that take until `now` at most. Without one it does nothing, so a node that never syncs does the same
    /// as a node without a disk.
    fn end_syncs(&mut self, now: Duration) {
        while let Some(end) = self.sync_end.take_if(|end| *end <= now) {
            let result = self.disk.end_sync();
            #[cfg(test)]
            let result = if self.ignores_errors { Ok(()) } else { result };
            self.node.synced(result, end);
            self.begin_sync(end);
        }
    }

    /// Begins a sync if the node waits for one. There is one at a time.
    fn begin_sync(&mut self, now: Duration) {
        if self.sync_end.is_none() && self.node.wants_sync() {
            self.node.begin_sync();
            self.sync_end = Some(now + self.disk.begin_sync());
        }
    }
}

impl Participant for DiskNode {
    fn deliver(&mut self, _: u64, line: &str, now: Duration) -> Result<(), Rejected> {
        self.end_syncs(now);
        let delivered = self.node.deliver(line.as_bytes(), now);
        self.begin_sync(now);
        delivered
    }

    fn advance(&mut self, now: Duration) {
        self.end_syncs(now);
        self.node.advance(now);
        self.begin_sync(now);
    }

    fn deadline(&self) -> Option<Duration> {
        self.node.deadline().into_iter().chain(self.sync_end).min()
    }

    fn drain(&mut self, send: &mut dyn FnMut(&NodeId, Rc<str>)) {
        Participant::drain(&mut self.node, send);
    }

    fn node(&self) -> Option<&Node> {
        Some(&self.node)
    }

    fn failure(&self) -> Option<String> {
        self.node.failure().map(ToString::to_string)
    }
}
