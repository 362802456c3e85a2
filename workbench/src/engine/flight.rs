//! Messages in flight while a search decides what happens next: each stays until it is delivered, lost or doubled.
//!
//! A message is named by its link and its number on that link, and not by its place in a global order. So it has the same
//! name in two schedules that differ only in the order of steps which do not concern each other.

use crate::engine::{inbox::InFlight, participant::ParticipantId, services};
use glomers_protocol::NodeId;
use std::time::Duration;

/// The number of a participant's name, the same in every execution: nodes, then services, then clients.
pub(crate) type Place = u16;

/// The place of the first service.
const SERVICES: Place = 0x100;

/// The place of the client `c0`.
const CLIENTS: Place = 0x200;

/// The name of a message: its link, its number on that link, and whether it is the second copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct MessageKey {
    pub(crate) src: Place,
    pub(crate) dest: Place,
    pub(crate) number: u32,
    pub(crate) is_copy: bool,
}

/// A message in flight.
#[derive(Clone)]
pub(crate) struct Flying {
    pub(crate) key: MessageKey,
    pub(super) receiver: ParticipantId,
    pub(super) message: InFlight,
}

impl Flying {
    /// The message's JSON, envelope included.
    pub(crate) fn line(&self) -> &str {
        &self.message.line
    }
}

/// All messages in flight, in the order in which they were sent.
#[derive(Clone)]
pub(crate) struct Flight {
    nodes: Vec<NodeId>,
    messages: Vec<Flying>,
    /// The number of messages sent on each link.
    counts: Vec<((Place, Place), u32)>,
    /// The place of each participant, by its id.
    places: Vec<Option<Place>>,
    /// The index of the first message that the last step sent.
    fresh: usize,
    /// The latest time that a clock has reached.
    pub(super) horizon: Duration,
}

impl Flight {
    pub(super) fn new(nodes: Vec<NodeId>, horizon: Duration) -> Self {
        Self { nodes, messages: Vec::new(), counts: Vec::new(), places: Vec::new(), fresh: 0, horizon }
    }

    /// All messages, the oldest first.
    pub(crate) fn messages(&self) -> &[Flying] {
        &self.messages
    }

    /// The messages that the last step sent.
    pub(crate) fn fresh(&self) -> &[Flying] {
        &self.messages[self.fresh.min(self.messages.len())..]
    }

    /// Begins a step: from now on, messages are fresh if they are sent later.
    pub(super) fn begin_step(&mut self) {
        self.fresh = self.messages.len();
    }

    /// Counts only messages from this index on as fresh.
    pub(super) fn set_fresh(&mut self, fresh: usize) {
        self.fresh = fresh;
    }

    /// The place of a participant.
    pub(super) fn place(&mut self, id: ParticipantId, name: &NodeId) -> Place {
        if self.places.len() <= id {
            self.places.resize(id + 1, None);
        }
        *self.places[id].get_or_insert_with(|| place(&self.nodes, name))
    }

    pub(super) fn send(&mut self, src: Place, dest: Place, receiver: ParticipantId, message: InFlight) {
        let link = (src, dest);
        let at = self.counts.iter().position(|(known, _)| *known == link).unwrap_or_else(|| {
            self.counts.push((link, 0));
            self.counts.len() - 1
        });
        let number = self.counts[at].1;
        self.counts[at].1 += 1;
        self.messages.push(Flying { key: MessageKey { src, dest, number, is_copy: false }, receiver, message });
    }

    /// Takes a message out.
    pub(super) fn take(&mut self, index: usize) -> Flying {
        if index < self.fresh {
            self.fresh -= 1;
        }
        self.messages.remove(index)
    }

    /// Adds a second copy of a message behind all others.
    pub(super) fn double(&mut self, index: usize) {
        let original = self.messages[index].clone();
        self.messages.push(Flying { key: MessageKey { is_copy: true, ..original.key }, ..original });
    }

    /// Loses the messages for which `stays` is false.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Flying) -> bool) {
        let fresh =
            self.messages[..self.fresh.min(self.messages.len())].iter().filter(|message| stays(message)).count();
        self.messages.retain(stays);
        self.fresh = fresh;
    }

    pub(super) fn take_all(&mut self) -> Vec<Flying> {
        self.fresh = 0;
        std::mem::take(&mut self.messages)
    }
}

/// The place of a name.
pub(crate) fn place(nodes: &[NodeId], name: &NodeId) -> Place {
    let position = |at: usize| Place::try_from(at).unwrap_or(Place::MAX);
    if let Some(at) = nodes.iter().position(|node| node == name) {
        return position(at);
    }
    match services::IDS.iter().position(|id| *id == name.as_str()) {
        Some(at) => SERVICES + position(at),
        None => CLIENTS + name.as_str().get(1..).and_then(|number| number.parse().ok()).unwrap_or(Place::MAX - CLIENTS),
    }
}

/// The place of the client of this number.
pub(crate) fn client(number: u64) -> Place {
    Place::try_from(number).ok().and_then(|number| CLIENTS.checked_add(number)).unwrap_or(Place::MAX)
}

/// The name of a place.
pub(crate) fn name(nodes: &[NodeId], place: Place) -> NodeId {
    match place {
        CLIENTS.. => NodeId::from(format!("c{}", place - CLIENTS)),
        SERVICES.. => NodeId::from(services::IDS.get(usize::from(place - SERVICES)).copied().unwrap_or_default()),
        _ => nodes.get(usize::from(place)).cloned().unwrap_or_else(|| NodeId::from("")),
    }
}

/// Tells whether a place is that of a client.
pub(crate) fn is_client(place: Place) -> bool {
    place >= CLIENTS
}

/// Tells whether a place is that of a node.
pub(crate) fn is_node(place: Place) -> bool {
    place < SERVICES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_place_and_back() {
        let nodes = ["n0", "n1"].map(NodeId::from);
        for (text, expected) in
            [("n0", 0), ("n1", 1), ("lww-kv", SERVICES), ("lin-tso", SERVICES + 3), ("c7", CLIENTS + 7)]
        {
            let id = NodeId::from(text);
            assert_eq!(place(&nodes, &id), expected, "{text}");
            assert_eq!(name(&nodes, expected), id);
        }
    }
}
