//! The knowledge of one node that OmniPaxos must keep, and the changes of it.

use super::entry::Entry;
use omnipaxos::ballot_leader_election::Ballot;
use serde::{Deserialize, Serialize};

/// The promises and the accepted entries of one node in one configuration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Acceptor {
    pub(super) promise: Option<Ballot>,
    /// The round in which entries were last accepted.
    pub(super) round: Option<Ballot>,
    pub(super) decided: usize,
    /// The number of entries that are cut off.
    pub(super) trimmed: usize,
    pub(super) entries: Vec<Entry>,
}

/// A change of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Write {
    Promise(Ballot),
    Round(Ballot),
    Decided(usize),
    Append(Vec<Entry>),
    /// Entries take the place of all entries from this index on.
    Replace(usize, Vec<Entry>),
    /// The entries before this index are cut off.
    Trim(usize),
}

impl Acceptor {
    pub(super) fn apply(&mut self, write: Write) {
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
    pub(super) fn decided_entry(&self, index: usize) -> Option<&Entry> {
        let position = index.checked_sub(self.trimmed).filter(|_| index < self.decided)?;
        self.entries.get(position)
    }

    /// Returns true for a write that changes nothing.
    pub(super) fn has(&self, write: &Write) -> bool {
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

impl Write {
    /// Returns true if no message that follows from this may leave before it is durable.
    pub(super) fn is_vital(&self) -> bool {
        match self {
            Self::Promise(_) | Self::Round(_) | Self::Append(_) | Self::Replace(..) => true,
            Self::Decided(_) | Self::Trim(_) => false,
        }
    }
}
