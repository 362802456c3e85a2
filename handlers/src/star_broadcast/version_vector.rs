//! Version vectors: the number of values of each origin that a node has, and the difference between two of them.

use glomers_json::SortedMap;
use glomers_protocol::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One incarnation of a node: its id and a number drawn at its start.
pub(super) type Origin = NodeId;

/// The length of a node's copy of each origin's log.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct VersionVector(
    #[schemars(with = "std::collections::BTreeMap<Origin, usize>")] SortedMap<Origin, usize>,
);

impl VersionVector {
    /// The length of one origin's log, 0 if nothing of it is there.
    pub(super) fn length(&self, origin: &Origin) -> usize {
        self.0.get(origin).copied().unwrap_or_default()
    }

    /// Counts one more value of an origin.
    pub(super) fn increment(&mut self, origin: &Origin) {
        match self.0.get_mut(origin) {
            Some(length) => *length += 1,
            None => self.0.insert(origin.clone(), 1),
        }
    }

    /// Tells if some log is longer here than in `other`. It walks along both vectors at once, because a
    /// coordinator asks this for every link.
    pub(super) fn exceeds(&self, other: &Self) -> bool {
        let mut others = other.0.iter().peekable();
        self.0.iter().any(|(origin, length)| {
            while others.next_if(|(other, _)| other < origin).is_some() {}
            *length > others.next_if(|(other, _)| other == origin).map_or(0, |(_, length)| *length)
        })
    }
}
