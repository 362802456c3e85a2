//! The knowledge of one node that OmniPaxos must keep, and the changes of it.

use super::entry::{Command, Entry};
use omnipaxos::ballot_leader_election::Ballot;
use serde::{Deserialize, Serialize};

/// The promises and the accepted entries of one node in one configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Acceptor<C: Command> {
    pub(super) promise: Option<Ballot>,
    /// The round in which entries were last accepted.
    pub(super) round: Option<Ballot>,
    pub(super) decided: usize,
    /// The number of entries that are cut off.
    pub(super) trimmed: usize,
    pub(super) entries: Vec<Entry<C>>,
}

/// A change of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "lowercase")]
pub(super) enum Write<C: Command> {
    Promise(Ballot),
    Round(Ballot),
    Decided(usize),
    Append(Vec<Entry<C>>),
    /// Entries take the place of all entries from this index on.
    Replace(usize, Vec<Entry<C>>),
    /// The entries before this index are cut off.
    Trim(usize),
}

impl<C: Command> Default for Acceptor<C> {
    fn default() -> Self {
        Self { promise: None, round: None, decided: 0, trimmed: 0, entries: Vec::new() }
    }
}

impl<C: Command> Acceptor<C> {
    pub(super) fn apply(&mut self, write: Write<C>) {
        match write {
            Write::Promise(ballot) => self.promise = Some(ballot),
            Write::Round(ballot) => self.round = Some(ballot),
            Write::Decided(index) => self.decided = index,
            Write::Append(mut entries) => self.entries.append(&mut entries),
            Write::Replace(index, mut entries) => {
                self.entries.truncate(index.saturating_sub(self.trimmed));
                self.entries.append(&mut entries);
            }
            Write::Trim(index) => {
                let count = index.saturating_sub(self.trimmed).min(self.entries.len());
                self.entries.drain(..count);
                self.trimmed = self.trimmed.max(index);
            }
        }
    }

    /// The entry at an index of the log, if it is decided.
    pub(super) fn decided_entry(&self, index: usize) -> Option<&Entry<C>> {
        let position = index.checked_sub(self.trimmed).filter(|_| index < self.decided)?;
        self.entries.get(position)
    }

    /// Returns true for a write that changes nothing.
    pub(super) fn has(&self, write: &Write<C>) -> bool {
        match write {
            Write::Promise(ballot) => self.promise == Some(*ballot),
            Write::Round(ballot) => self.round == Some(*ballot),
            Write::Decided(index) => self.decided == *index,
            Write::Append(entries) => entries.is_empty(),
            Write::Replace(index, entries) => entries.is_empty() && *index == self.trimmed + self.entries.len(),
            Write::Trim(index) => *index <= self.trimmed,
        }
    }
}

impl<C: Command> Write<C> {
    /// Returns true if no message that follows from this may leave before it is durable.
    pub(super) fn is_vital(&self) -> bool {
        match self {
            Self::Promise(_) | Self::Round(_) | Self::Append(_) | Self::Replace(..) => true,
            Self::Decided(_) | Self::Trim(_) => false,
        }
    }
}
