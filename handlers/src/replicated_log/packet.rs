//! The messages between nodes.

use super::{
    configuration::{ConfigurationId, Incarnation},
    entry::{Entry, Proposal},
    link,
};
use glomers_protocol::{Json, Payload};
use omnipaxos::messages::{
    ballot_leader_election::HeartbeatMsg,
    sequence_paxos::{Accepted, PaxosMsg},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A message between nodes. A type is the message of one handler only. So each handler wraps this one in a type of its own,
/// and receives it in a function `packet`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Packet {
    /// From or to a node that has started and is not a member of a configuration yet.
    Hello(Hello),
    /// Between the members of a configuration.
    Log(Log),
}

impl Payload for Packet {
    const TYPE: &'static str = "packet";
}

/// A node's account of itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    pub(super) incarnation: Incarnation,
    /// Set if an earlier incarnation's journal was damaged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_lost: bool,
    /// The sender wants an answer.
    pub(super) asks: bool,
    /// The newest configuration that the sender knows.
    pub(super) seen: Option<ConfigurationId>,
    /// The incarnation of the first node to which the sender has made its promise.
    pub(super) promised: Option<Incarnation>,
    /// From the first node: the incarnation to which the receiver had made its promise, as the sender knows.
    pub(super) replaces: Option<Incarnation>,
}

/// A message from one member of a configuration to another.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Log {
    pub(super) id: ConfigurationId,
    /// For a receiver that may not know this configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) begin: Option<Begin>,
    #[schemars(with = "Foreign")]
    pub(super) ordered: link::Packet<Vec<PaxosMsg<Entry>>>,
    #[schemars(with = "Foreign")]
    pub(super) unordered: Unordered,
    /// The number of log entries that the sender has executed and will not forget.
    pub(super) executed: usize,
}

/// The initial state of a configuration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Begin {
    pub(super) incarnations: Vec<Incarnation>,
    /// The result of the configurations before it: the state machine and the executed commands; `null` for the first.
    pub(super) state: Json,
}

/// The content that may arrive in any order, and more than once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Unordered {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accepted: Option<Accepted>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(super) heartbeats: Vec<HeartbeatMsg>,
    /// The commands that the receiver must append if it is the leader.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub(super) proposals: Vec<Proposal>,
}

/// Any value: messages of OmniPaxos in the form of its own types, for which it has no schema.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it stands for a schema and is never constructed")]
struct Foreign(Json);

impl Unordered {
    pub(super) fn is_empty(&self) -> bool {
        self.accepted.is_none() && self.heartbeats.is_empty() && self.proposals.is_empty()
    }
}
