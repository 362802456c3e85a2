//! `--nemesis`: the faults and their names. What each does is told in `docs/faults.md`.

use std::{fmt, str::FromStr};

/// A fault that the nemesis injects.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Fault {
    /// Nodes do not hear each other: a partition of a family that is drawn each time.
    Partition,
    /// Some nodes do not hear the others; the others hear them.
    PartitionOneWay,
    /// Two halves of the nodes hear each other only through one node that hears all.
    PartitionBridge,
    /// Every node hears a majority, and no two nodes the same one.
    PartitionRing,
    /// Nodes are killed and restarted with what they had synced.
    Kill,
    /// Fewer than half of the nodes are killed; at least one interval passes before the next ones are.
    KillMinority,
    /// Nodes are paused, then resume where they were.
    Pause,
    /// Messages between servers are lost.
    Loss,
    /// Messages between nodes are delivered twice.
    Duplicate,
    /// Messages between servers overtake each other.
    Reorder,
    /// Messages between servers take much longer.
    Slow,
    /// Syncs of some nodes' disks take much longer.
    DiskSlow,
    /// Some nodes' disks are full: writes fail.
    DiskFull,
    /// Some nodes' disks report errors: syncs fail. A node that stops for it is started again at the end.
    DiskError,
    /// A bit changes on the disks of some nodes, fewer than half and always the same, which are killed and started again.
    DiskCorrupt,
}

impl Fault {
    /// All of them, in the order in which they begin and end when several do at the same moment.
    pub const ALL: [Self; 15] = [
        Self::Partition,
        Self::PartitionOneWay,
        Self::PartitionBridge,
        Self::PartitionRing,
        Self::Kill,
        Self::KillMinority,
        Self::Pause,
        Self::Loss,
        Self::Duplicate,
        Self::Reorder,
        Self::Slow,
        Self::DiskSlow,
        Self::DiskFull,
        Self::DiskError,
        Self::DiskCorrupt,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::PartitionOneWay => "partition-one-way",
            Self::PartitionBridge => "partition-bridge",
            Self::PartitionRing => "partition-ring",
            Self::Kill => "kill",
            Self::KillMinority => "kill-minority",
            Self::Pause => "pause",
            Self::Loss => "loss",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Slow => "slow",
            Self::DiskSlow => "disk-slow",
            Self::DiskFull => "disk-full",
            Self::DiskError => "disk-error",
            Self::DiskCorrupt => "disk-corrupt",
        }
    }

    /// A one-line description of its effect.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Partition => "nodes do not hear each other, in one of Maelstrom's four ways",
            Self::PartitionOneWay => "some nodes do not hear the others; the others hear them",
            Self::PartitionBridge => "two halves of the nodes hear each other only through one node",
            Self::PartitionRing => "every node hears a majority, and no two nodes the same one",
            Self::Kill => "nodes are killed and restarted with what they had synced",
            Self::KillMinority => {
                "fewer than half of the nodes are killed; at least one interval passes before the next ones are"
            }
            Self::Pause => "nodes are paused, then resume",
            Self::Loss => "one in five messages between servers is lost",
            Self::Duplicate => "one in five messages between nodes is delivered twice",
            Self::Reorder => "messages between servers overtake each other",
            Self::Slow => "messages between servers take ten times as long, and at least 100 ms longer",
            Self::DiskSlow => "syncs of some disks take ten times as long, and at least 100 ms longer",
            Self::DiskFull => "writes to some disks fail for want of room",
            Self::DiskError => "one in two syncs of some disks fails; their nodes restart at the end",
            Self::DiskCorrupt => "a bit changes on the disks of fewer than half of the nodes, which restart",
        }
    }

    /// Tells whether it keeps nodes from answering.
    pub const fn stops_nodes(self) -> bool {
        self.kills_nodes() || matches!(self, Self::Pause | Self::DiskFull)
    }

    /// Tells whether it ends nodes, which are then started again.
    pub const fn kills_nodes(self) -> bool {
        matches!(self, Self::Kill | Self::KillMinority | Self::DiskError | Self::DiskCorrupt)
    }

    /// Tells whether it strikes disks. Only simulated disks can be struck.
    pub const fn strikes_disks(self) -> bool {
        matches!(self, Self::DiskSlow | Self::DiskFull | Self::DiskError | Self::DiskCorrupt)
    }

    /// Tells whether `maelstrom test` has it. The newest release has `partition`; the main branch also has `kill` and
    /// `pause`.
    pub const fn is_of_maelstrom(self) -> bool {
        matches!(self, Self::Partition | Self::Kill | Self::Pause)
    }
}

/// Its [`name`](Fault::name).
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no fault of that name.
#[derive(Clone, Debug, thiserror::Error, Eq, PartialEq)]
#[error("there is no fault `{name}`; known: {}", Fault::ALL.map(Fault::name).join(", "))]
pub struct UnknownFault {
    name: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let found = Self::ALL.into_iter().find(|fault| fault.name() == name);
        found.ok_or_else(|| UnknownFault { name: name.to_owned() })
    }
}
