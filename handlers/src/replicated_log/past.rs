//! The past of a node, as its journal tells it.

use super::{
    acceptor::{Acceptor, Write},
    configuration::{Configuration, Incarnation},
    entry::{Command, Entry, Proposal},
    newcomer::Memory,
    state_machine::{State, StateMachine},
};
use crate::durable::Owner;
use glomers_protocol::{Failure, Json};
use serde::{Deserialize, Serialize};

/// A change of what a node must know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "lowercase")]
pub(super) enum Record<C: Command> {
    /// Everything: the first record.
    Everything {
        saved: Saved<C>,
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
    Paxos(Vec<Write<C>>),
    /// A command to a node that is alone.
    Command(Proposal<C>),
}

/// An incarnation of a node and its role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Saved<C: Command> {
    pub(super) owner: Owner,
    pub(super) incarnation: Incarnation,
    /// The number of processes of this incarnation before this one.
    pub(super) process: u64,
    pub(super) role: SavedRole<C>,
}

/// A node's role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "lowercase")]
pub(super) enum SavedRole<C: Command> {
    Alone,
    Newcomer(Memory),
    Member(SavedMember<C>),
}

/// A member of a configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct SavedMember<C: Command> {
    pub(super) configuration: Configuration,
    /// The initial state, if a member may lack it.
    pub(super) begin: Option<Json>,
    pub(super) acceptor: Acceptor<C>,
    /// The number of entries of the log that the state includes.
    pub(super) executed: usize,
}

#[cfg(test)]
impl<C: Command> Record<C> {
    pub(super) fn is_promise(&self) -> bool {
        matches!(self, Self::Paxos(writes) if matches!(writes[..], [Write::Promise(_)]))
    }
}

/// The role of a node before it ended, and the state of its machine.
pub(super) struct Past<M: StateMachine> {
    pub(super) saved: Saved<M::Command>,
    pub(super) state: State<M>,
}

impl<M: StateMachine> Past<M> {
    /// The past that these records tell, if there are any.
    pub(super) fn replay(records: Vec<Record<M::Command>>) -> Result<Option<Self>, Failure> {
        let mut past = None;
        for record in records {
            match (record, &mut past) {
                (Record::Everything { saved, state }, past) => *past = Some(Self { saved, state: decode(&state)? }),
                (record, Some(past)) => past.apply(record)?,
                (_, None) => {}
            }
        }
        Ok(past)
    }

    fn apply(&mut self, record: Record<M::Command>) -> Result<(), Failure> {
        match (record, &mut self.saved.role) {
            (Record::Process(process), _) => self.saved.process = process,
            (Record::Newcomer(memory), role) => *role = SavedRole::Newcomer(memory),
            (Record::Begin { configuration, state }, role) => {
                self.state = decode(&state)?;
                let (begin, acceptor, executed) = (Some(state), Acceptor::default(), 0);
                *role = SavedRole::Member(SavedMember { configuration, begin, acceptor, executed });
            }
            (Record::Paxos(writes), SavedRole::Member(member)) => {
                for write in writes {
                    member.acceptor.apply(write);
                }
                member.execute(&mut self.state);
            }
            (Record::Command(proposal), _) => drop(self.state.execute(proposal)),
            (Record::Paxos(_) | Record::Everything { .. }, _) => {}
        }
        Ok(())
    }
}

impl<C: Command> SavedMember<C> {
    /// Executes the decided commands, up to the end of the log.
    fn execute<M: StateMachine<Command = C>>(&mut self, state: &mut State<M>) {
        while let Some(Entry::Do(proposal)) = self.acceptor.decided_entry(self.executed) {
            state.execute(proposal.clone());
            self.executed += 1;
        }
    }
}

/// The state of a machine in its encoded form; `null` is the initial one.
pub(super) fn decode<M: StateMachine>(state: &Json) -> Result<State<M>, Failure> {
    Ok(state.decode::<Option<State<M>>>()?.unwrap_or_default())
}
