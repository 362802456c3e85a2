//! What nodes send each other, and what they agree on.

use super::{Pid, link};
use glomers_protocol::Any;
use omnipaxos::{
    messages::{
        ballot_leader_election::HeartbeatMsg,
        sequence_paxos::{Accepted, PaxosMsg},
    },
    storage::{Entry, NoSnapshot},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// What nodes send each other.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "C: Clone + Debug + Serialize + DeserializeOwned")]
#[schemars(bound = "C: Clone + Debug", rename = "Packet")]
pub struct Packet<C: Clone + Debug> {
    #[schemars(with = "Foreign")]
    pub(super) ordered: link::Packet<Vec<PaxosMsg<Proposal<C>>>>,
    #[schemars(with = "Foreign")]
    pub(super) loose: Loose<C>,
    /// How many entries of the log the sender has executed.
    pub(super) executed: usize,
}

/// What may come in any order, and more than once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Loose<C> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accepted: Option<Accepted>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(super) heartbeats: Vec<HeartbeatMsg>,
    /// What the receiver is to append if it is the leader.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(super) proposals: Vec<Proposal<C>>,
}

/// Any value: messages of OmniPaxos, in the form that its own types have, and it gives no schema of them.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it only describes")]
struct Foreign(Any);

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Proposal<C> {
    pub(super) origin: Pid,
    pub(super) number: u64,
    /// The origin waits for no command up to this number.
    pub(super) settled: u64,
    pub(super) command: C,
}

impl<C: Clone + Debug> Entry for Proposal<C> {
    type Snapshot = NoSnapshot;
}

impl<C> Loose<C> {
    pub(super) fn is_empty(&self) -> bool {
        self.accepted.is_none() && self.heartbeats.is_empty() && self.proposals.is_empty()
    }
}

impl<C> Default for Loose<C> {
    fn default() -> Self {
        Self { accepted: None, heartbeats: Vec::new(), proposals: Vec::new() }
    }
}
