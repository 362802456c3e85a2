//! The trait of replicated state machines, and one node's copy of such a machine with the commands that it has
//! executed.

use super::{
    configuration::Pid,
    entry::{Command, Proposal},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// A replicated state machine. Decoding its encoded form gives an equal one.
pub trait StateMachine: Default + Serialize + DeserializeOwned + 'static {
    /// A command that every replica executes.
    type Command: Command;
    /// The result of a command.
    type Output: 'static;

    /// Executes a command. State and output depend on the commands so far and on nothing else.
    fn execute(&mut self, command: Self::Command) -> Self::Output;
}

/// A state machine, and what it has executed for each node.
#[derive(Default, Serialize, Deserialize)]
#[serde(bound = "M: Serialize + DeserializeOwned")]
pub(super) struct State<M>(M, BTreeMap<Pid, Origin>);

/// The executed commands of a node.
#[derive(Default, Serialize, Deserialize)]
struct Origin {
    settled: u64,
    executed: BTreeSet<u64>,
}

impl<M: StateMachine> State<M> {
    /// Executes a command and returns its result, unless it was executed or settled before.
    pub(super) fn execute(&mut self, proposal: Proposal<M::Command>) -> Option<M::Output> {
        let Self(machine, origins) = self;
        let Proposal { origin, number, settled, command } = proposal;
        let is_first = origins.entry(origin).or_default().is_first(number, settled);
        is_first.then(|| machine.execute(command))
    }

    /// Forgets what was executed for some nodes: later commands of theirs come from other incarnations.
    pub(super) fn forget(&mut self, nodes: &[Pid]) {
        self.1.retain(|pid, _| !nodes.contains(pid));
    }
}

impl Origin {
    /// Notes that a command is executed, and returns `false` if it must not be.
    fn is_first(&mut self, number: u64, settled: u64) -> bool {
        let is_first = number > self.settled && self.executed.insert(number);
        if settled > self.settled {
            self.settled = settled;
            self.executed = self.executed.split_off(&(settled + 1));
        }
        is_first
    }
}
