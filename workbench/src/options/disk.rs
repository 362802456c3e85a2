//! `--disk`: whether nodes have a disk.

use crate::options::{fault::Fault, unsuitable::Unsuitable};
use std::fmt;

/// `--disk`: the tests in which nodes have a disk. In a simulation it is a simulated one. A hosted node is told a folder in
/// the variable `GLOMERS_DATA`, which is empty if the node has no disk.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DiskUse {
    /// Those with a fault that kills nodes or strikes disks. In any other test a disk is never read.
    #[default]
    Auto,
    /// All.
    Always,
    /// None: nodes keep their state in memory.
    Never,
}

impl DiskUse {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// A one-line description.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Auto => "nodes have a disk if a fault kills nodes or strikes disks",
            Self::Always => "nodes have a disk",
            Self::Never => "nodes keep their state in memory only",
        }
    }
}

/// As it is given: `auto`.
impl fmt::Display for DiskUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl DiskUse {
    /// Tells whether nodes have a disk under these faults.
    pub(super) fn applies(self, faults: &[Fault]) -> bool {
        match self {
            Self::Auto => faults.iter().any(|fault| fault.kills_nodes() || fault.strikes_disks()),
            Self::Always => true,
            Self::Never => false,
        }
    }

    /// Checks that the disks that faults are to strike exist and can be struck.
    pub(super) fn accept(self, faults: &[Fault], is_hosted: bool) -> Result<(), Unsuitable> {
        let Some(fault) = faults.iter().find(|fault| fault.strikes_disks()) else { return Ok(()) };
        if is_hosted {
            let reason = format!(
                "{fault} cannot be injected into real processes, because a real disk cannot be made to fail from outside; \
                 leave it out, or simulate the node"
            );
            return Err(Unsuitable::new("nemesis", reason));
        }
        if !self.applies(faults) {
            let reason = format!("{fault} needs nodes with a disk, but `--disk never` leaves them without one");
            return Err(Unsuitable::new("disk", reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_a_disk_if_it_can_be_read_again() {
        for fault in Fault::ALL {
            let faults = [Fault::Partition, fault];
            let expected = fault.name().starts_with("kill") || fault.name().starts_with("disk-");
            assert_eq!(DiskUse::Auto.applies(&faults), expected, "{fault}");
            assert!(DiskUse::Always.applies(&faults) && !DiskUse::Never.applies(&faults));
        }
        assert!(!DiskUse::Auto.applies(&[]));
    }

    #[test]
    fn disks_that_cannot_fail_are_not_asked_to() {
        let error =
            |disk: DiskUse, is_hosted| disk.accept(&[Fault::Kill, Fault::DiskFull], is_hosted).unwrap_err().to_string();
        let hosted = error(DiskUse::Auto, true);
        assert!(hosted.starts_with("disk-full cannot be injected into real processes, because"), "{hosted}");
        assert!(error(DiskUse::Never, false).contains("`--disk never`"));
        assert_eq!(DiskUse::Auto.accept(&[Fault::DiskFull], false), Ok(()));
        assert_eq!(DiskUse::Never.accept(&[Fault::Kill], true), Ok(()));
    }
}
