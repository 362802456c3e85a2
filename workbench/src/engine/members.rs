//! The members of a network: every participant, by its number and by its name.

use crate::engine::{
    inbox::Inbox,
    participant::{Participant, ParticipantId},
};
use foldhash::fast::FixedState;
use glomers_protocol::NodeId;
use indexmap::{IndexMap, IndexSet};
use std::time::Duration;

/// A participant on the network.
pub(crate) struct Member {
    pub(crate) name: NodeId,
    /// True after output that Maelstrom cannot take; the node is ignored then.
    pub(crate) is_quarantined: bool,
    pub(crate) condition: Condition,
    pub(crate) participant: Box<dyn Participant>,
    /// The time at which it joined; its own times count from there.
    pub(crate) joined: Duration,
    /// The time since then, in a search.
    pub(crate) clock: Duration,
    pub(crate) inbox: Inbox,
    /// The next moment at which it will be woken.
    pub(crate) alarm: Option<Duration>,
}

/// The abilities of a participant.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Condition {
    /// It works.
    Running,
    /// It does nothing until it is resumed. Then it takes what has come in the meantime.
    Paused,
    /// It never does anything again. Messages to it are lost.
    Dead,
}

/// All members, and the names of those that left.
pub(crate) struct Members {
    members: Vec<Option<Member>>,
    by_name: IndexMap<NodeId, ParticipantId, FixedState>,
    /// The names of members that left, if late answers to them are allowed: a node that was paused answers requests of
    /// clients that have given up since.
    departed: Option<IndexSet<NodeId, FixedState>>,
}

impl Members {
    pub(crate) fn new(allows_late_answers: bool) -> Self {
        let departed = allows_late_answers.then(IndexSet::default);
        Self { members: Vec::new(), by_name: IndexMap::default(), departed }
    }

    /// Allows late answers to members that leave from now on.
    pub(crate) fn allow_late_answers(&mut self) {
        self.departed.get_or_insert_default();
    }

    /// Takes a name for that of a member that has left, if late answers are allowed.
    pub(crate) fn expect_late(&mut self, name: &NodeId) {
        if let Some(departed) = &mut self.departed {
            departed.insert(name.clone());
        }
    }

    /// A copy, to which `make` gives the participants that cannot be copied by themselves. It gets the name and the number of
    /// the state. What is in an inbox is not copied.
    pub(crate) fn fork(&self, mut make: impl FnMut(&NodeId, Option<usize>) -> Box<dyn Participant>) -> Self {
        let mut fork = |member: &Member| Member {
            name: member.name.clone(),
            participant: {
                let participant = &member.participant;
                participant.fork().unwrap_or_else(|| make(&member.name, participant.state()))
            },
            inbox: Inbox::default(),
            ..*member
        };
        Self {
            members: self.members.iter().map(|member| member.as_ref().map(&mut fork)).collect(),
            by_name: self.by_name.clone(),
            departed: self.departed.clone(),
        }
    }

    pub(crate) fn join(&mut self, name: NodeId, participant: Box<dyn Participant>, now: Duration) -> ParticipantId {
        let id = self.members.len();
        self.by_name.insert(name.clone(), id);
        self.members.push(Some(Member {
            name,
            is_quarantined: false,
            condition: Condition::Running,
            participant,
            joined: now,
            clock: Duration::ZERO,
            inbox: Inbox::default(),
            alarm: None,
        }));
        id
    }

    /// Removes a member with everything in its inbox.
    pub(crate) fn leave(&mut self, id: ParticipantId) {
        if let Some(member) = self.members[id].take() {
            self.by_name.swap_remove(&member.name);
            if let Some(departed) = &mut self.departed {
                departed.insert(member.name);
            }
        }
    }

    /// Removes everybody.
    pub(crate) fn clear(&mut self) {
        self.members.iter_mut().for_each(|member| *member = None);
        self.by_name.clear();
    }

    pub(crate) fn id(&self, name: &NodeId) -> Option<ParticipantId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, id: ParticipantId) -> Option<&Member> {
        self.members[id].as_ref()
    }

    pub(crate) fn get(&mut self, id: ParticipantId) -> Option<&mut Member> {
        self.members[id].as_mut()
    }

    /// The member of this number, if it is running.
    pub(crate) fn running(&mut self, id: ParticipantId) -> Option<&mut Member> {
        self.get(id).filter(|member| member.condition == Condition::Running)
    }

    pub(crate) fn named(&self, name: &NodeId) -> Option<&Member> {
        self.at(self.id(name)?)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().flatten()
    }

    /// All members with their numbers.
    pub(crate) fn numbered(&mut self) -> impl Iterator<Item = (ParticipantId, &mut Member)> {
        self.members.iter_mut().enumerate().filter_map(|(id, member)| Some((id, member.as_mut()?)))
    }

    /// Tells whether a message to this name is a late answer that is allowed.
    pub(crate) fn may_be_late(&self, name: &NodeId) -> bool {
        self.departed.as_ref().is_some_and(|departed| departed.contains(name))
    }

    /// The first names of the members in alphabetical order, at most `most`, and whether there are more.
    pub(crate) fn first_names(&self, most: usize) -> (Vec<&NodeId>, bool) {
        let mut names: Vec<&NodeId> = Vec::new();
        while names.len() < most
            && let Some(next) = self.by_name.keys().filter(|name| names.last().is_none_or(|last| name > last)).min()
        {
            names.push(next);
        }
        let has_more = names.len() < self.by_name.len();
        (names, has_more)
    }
}
