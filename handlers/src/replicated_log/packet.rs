//! What nodes send each other, and what they agree on.

use super::{
    Pid,
    configuration::{Id, Life},
    link,
};
use glomers_protocol::Json;
use omnipaxos::{
    messages::{
        ballot_leader_election::HeartbeatMsg,
        sequence_paxos::{Accepted, PaxosMsg},
    },
    storage::NoSnapshot,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// What nodes send each other.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "C: Clone + Debug + Serialize + DeserializeOwned", rename_all = "lowercase")]
#[schemars(bound = "C: Clone + Debug", rename = "Packet")]
pub enum Packet<C: Clone + Debug> {
    /// From or to a node that has started and takes no part yet.
    Hello(Hello),
    /// Between the members of a configuration.
    Log(Log<C>),
}

/// What a node says of itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    pub(super) life: Life,
    /// Whether the sender wants an answer.
    pub(super) asks: bool,
    /// The configuration that is there, as far as the sender knows.
    pub(super) seen: Option<Id>,
    /// The life of the first node that has the sender's promise.
    pub(super) promised: Option<Life>,
    /// From the first node: the life that has the receiver's promise, as the sender knows.
    pub(super) instead: Option<Life>,
}

/// What a member of a configuration says to another.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "C: Clone + Debug + Serialize + DeserializeOwned")]
#[schemars(bound = "C: Clone + Debug", rename = "Log")]
pub struct Log<C: Clone + Debug> {
    pub(super) id: Id,
    /// For a receiver that may not know this configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) begin: Option<Begin>,
    #[schemars(with = "Foreign")]
    pub(super) ordered: link::Packet<Vec<PaxosMsg<Entry<C>>>>,
    #[schemars(with = "Foreign")]
    pub(super) loose: Loose<C>,
    /// How many entries of the log the sender has executed.
    pub(super) executed: usize,
}

/// What a configuration begins with.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Begin {
    pub(super) lives: Vec<Life>,
    /// What the configurations before it have left: the state machine and what was executed; `null` for the first.
    pub(super) state: Json,
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
struct Foreign(Json);

/// An entry of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Entry<C> {
    Do(Proposal<C>),
    /// The last entry that counts: what comes after it is never executed, and these lives go on in a new configuration.
    End(Vec<Life>),
}

/// A command of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Proposal<C> {
    pub(super) origin: Pid,
    pub(super) number: u64,
    /// The origin waits for no command up to this number.
    pub(super) settled: u64,
    pub(super) command: C,
}

impl<C: Clone + Debug> omnipaxos::storage::Entry for Entry<C> {
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
