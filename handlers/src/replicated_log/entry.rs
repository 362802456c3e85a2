//! The entries of the log on which the nodes agree.

use super::configuration::{Incarnation, Pid};
use glomers_protocol::Json;
use omnipaxos::storage::NoSnapshot;
use serde::{Deserialize, Serialize};

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Entry {
    Do(Proposal),
    /// The last entry that counts. Later entries are never executed, and these incarnations form the next
    /// configuration.
    End(Vec<Incarnation>),
}

/// A client's command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Proposal {
    pub(super) origin: Pid,
    pub(super) number: u64,
    /// The origin does not wait for any command up to this number.
    pub(super) settled: u64,
    /// The command in its encoded form.
    pub(super) command: Json,
}

impl omnipaxos::storage::Entry for Entry {
    type Snapshot = NoSnapshot;
}
