//! The past of a node, as its journal tells it.

use super::{
    acceptor::{Acceptor, Write},
    configuration::{Configuration, Incarnation},
    entry::{Entry, Proposal},
    newcomer::Memory,
    state_machine::State,
};
use crate::durable::Owner;
use glomers_protocol::{Failure, Json};
use serde::{Deserialize, Serialize};

/// A change of what a node must know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Record {
    /// Everything: the first record.
    Everything {
        saved: Saved,
        state: Json,
    },
    /// The number of processes of this incarnation before this one.
    Process(u64),
    Newcomer(Memory),
    /// A configuration begins, with this state.
    Begin {
        configuration: Configuration,
        state: Json,
    },
    Paxos(Vec<Write>),
    /// A command to a node that is alone.
    Command(Proposal),
}

/// An incarnation of a node and its role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) owner: Owner,
    pub(super) incarnation: Incarnation,
    /// The number of processes of this incarnation before this one.
    pub(super) process: u64,
    pub(super) role: SavedRole,
}

/// A node's role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SavedRole {
    Alone,
    Newcomer(Memory),
    Member(SavedMember),
}

/// A member of a configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedMember {
    pub(super) configuration: Configuration,
    /// The initial state, if a member may lack it.
    pub(super) begin: Option<Json>,
    pub(super) acceptor: Acceptor,
    /// The number of entries of the log that the state includes.
    pub(super) executed: usize,
}

#[cfg(test)]
impl Record {
    pub(super) fn is_promise(&self) -> bool {
        matches!(self, Self::Paxos(writes) if matches!(writes[..], [Write::Promise(_)]))
    }
}

impl Saved {
    /// The past that these records tell, if there are any. It brings the machine to its state then.
    pub(super) fn replay(records: Vec<Record>, state: &mut State) -> Result<Option<Self>, Failure> {
        let mut past = None;
        for record in records {
            match (record, &mut past) {
                (Record::Everything { saved, state: encoded }, past) => {
                    state.restore(&encoded)?;
                    *past = Some(saved);
                }
                (record, Some(past)) => past.apply(record, state)?,
                (_, None) => {}
            }
        }
        Ok(past)
    }

    fn apply(&mut self, record: Record, state: &mut State) -> Result<(), Failure> {
        match (record, &mut self.role) {
            (Record::Process(process), _) => self.process = process,
            (Record::Newcomer(memory), role) => *role = SavedRole::Newcomer(memory),
            (Record::Begin { configuration, state: encoded }, role) => {
                state.restore(&encoded)?;
                let (begin, acceptor, executed) = (Some(encoded), Acceptor::default(), 0);
                *role = SavedRole::Member(SavedMember { configuration, begin, acceptor, executed });
            }
            (Record::Paxos(writes), SavedRole::Member(member)) => {
                for write in writes {
                    member.acceptor.apply(write);
                }
                member.execute(state);
            }
            (Record::Command(proposal), _) => _ = state.execute(&proposal, false),
            (Record::Paxos(_) | Record::Everything { .. }, _) => {}
        }
        Ok(())
    }
}

impl SavedMember {
    /// Executes the decided commands, up to the end of the log.
    fn execute(&mut self, state: &mut State) {
        while let Some(Entry::Do(proposal)) = self.acceptor.decided_entry(self.executed) {
            state.execute(proposal, false);
            self.executed += 1;
        }
    }
}
