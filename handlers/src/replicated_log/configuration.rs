//! Who takes part in agreement: one life of each node.

use super::Pid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One life of a node: a number that it draws when it starts.
pub(super) type Life = u64;

/// Names a configuration. The later of one era have the higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Id {
    /// The life of the first node that began it all.
    pub(super) era: Life,
    number: u64,
}

/// The lives that have one log in common, and one state at its beginning.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) id: Id,
    /// In the order of all nodes.
    pub(super) lives: Vec<Life>,
}

impl Id {
    /// Whether it names an earlier configuration of the same era.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.era == other.era && self.number < other.number
    }
}

impl Configuration {
    /// The first one of an era, with the lives of all nodes.
    pub(super) fn first(era: Life, lives: Vec<Life>) -> Self {
        Self { id: Id { era, number: 1 }, lives }
    }

    /// The one after this, with these lives.
    pub(super) fn next(&self, lives: Vec<Life>) -> Self {
        Self { id: Id { number: self.id.number + 1, ..self.id }, lives }
    }

    /// The lives after these have come in the place of earlier lives of the same nodes.
    pub(super) fn lives_with(&self, joining: &BTreeMap<Pid, Life>) -> Vec<Life> {
        let life = |(pid, life)| joining.get(&pid).copied().unwrap_or(life);
        (1..).zip(self.lives.iter().copied()).map(life).collect()
    }

    /// The life of a node that takes part.
    pub(super) fn life(&self, pid: Pid) -> Option<Life> {
        (1..).zip(&self.lives).find(|(member, _)| *member == pid).map(|(_, life)| *life)
    }

    /// The nodes whose lives here are others than these.
    pub(super) fn changed<'a>(&'a self, lives: &'a [Life]) -> impl Iterator<Item = Pid> + 'a {
        (1..).zip(self.lives.iter().zip(lives)).filter(|(_, (one, other))| one != other).map(|(pid, _)| pid)
    }
}
