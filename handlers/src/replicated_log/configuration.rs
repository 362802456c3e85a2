//! Configurations: the nodes' incarnations that agree on one log.

use glomers_json::SortedMap;
use glomers_protocol::{Context, NodeId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A node's position among all, from 1.
pub(super) type Pid = u64;

/// One incarnation of a node: a random number, drawn when the node starts without memory.
pub(super) type Incarnation = u64;

/// The name of a configuration. Within an era, later configurations have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ConfigurationId {
    /// The incarnation of the first node that made the era's first configuration.
    pub(super) era: Incarnation,
    number: u64,
}

/// The incarnations that share one log and one initial state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Configuration {
    pub(super) id: ConfigurationId,
    /// In the order of all nodes.
    pub(super) incarnations: Vec<Incarnation>,
}

impl ConfigurationId {
    /// Tells if this is an earlier configuration of the same era.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.era == other.era && self.number < other.number
    }
}

impl Configuration {
    /// The first configuration of an era, with the incarnations of all nodes.
    pub(super) fn first(era: Incarnation, incarnations: Vec<Incarnation>) -> Self {
        Self { id: ConfigurationId { era, number: 1 }, incarnations }
    }

    /// The configuration after this one, with these incarnations.
    pub(super) fn next(&self, incarnations: Vec<Incarnation>) -> Self {
        Self { id: ConfigurationId { number: self.id.number + 1, ..self.id }, incarnations }
    }

    /// The incarnations after those that join have replaced earlier ones of the same nodes.
    pub(super) fn incarnations_with(&self, joining: &SortedMap<Pid, Incarnation>) -> Vec<Incarnation> {
        let incarnation = |(pid, incarnation)| joining.get(&pid).copied().unwrap_or(incarnation);
        (1..).zip(self.incarnations.iter().copied()).map(incarnation).collect()
    }

    /// A node's incarnation in this configuration.
    pub(super) fn incarnation(&self, pid: Pid) -> Option<Incarnation> {
        (1..).zip(&self.incarnations).find(|(member, _)| *member == pid).map(|(_, incarnation)| *incarnation)
    }

    /// The nodes whose incarnations here differ from these.
    pub(super) fn changed<'a>(&'a self, incarnations: &'a [Incarnation]) -> impl Iterator<Item = Pid> + 'a {
        (1..)
            .zip(self.incarnations.iter().zip(incarnations))
            .filter(|(_, (one, other))| one != other)
            .map(|(pid, _)| pid)
    }
}

/// A node's position among all, from 1; `None` if it is not one of the cluster's nodes.
pub(super) fn pid(cx: &Context, id: &NodeId) -> Option<Pid> {
    cx.ids().iter().position(|other| other == id).map(|position| position as Pid + 1)
}
