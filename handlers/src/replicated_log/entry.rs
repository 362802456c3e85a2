//! The entries of the log on which the nodes agree.

use super::configuration::{Incarnation, Pid};
use omnipaxos::storage::NoSnapshot;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A command of a state machine: anything that can be sent, stored and copied.
pub trait Command: Clone + Debug + Serialize + DeserializeOwned + 'static {}

impl<C: Clone + Debug + Serialize + DeserializeOwned + 'static> Command for C {}

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Entry<C> {
    Do(Proposal<C>),
    /// The last entry that counts. Later entries are never executed, and these incarnations form the next
    /// configuration.
    End(Vec<Incarnation>),
}

/// A client's command.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Proposal<C> {
    pub(super) origin: Pid,
    pub(super) number: u64,
    /// The origin does not wait for any command up to this number.
    pub(super) settled: u64,
    pub(super) command: C,
}

impl<C: Command> omnipaxos::storage::Entry for Entry<C> {
    type Snapshot = NoSnapshot;
}
