//! The trait of replicated state machines, and one node's copy of such a machine with the commands that it has
//! executed.
//!
//! Commands and states travel, and are stored, in their encoded form. Only [`Served`] knows their types, so the log and
//! everything below it is compiled once, for all machines.

use super::{configuration::Pid, entry::Proposal};
use futures_channel::oneshot;
use glomers_json::SortedMap;
use glomers_protocol::{Failure, Json};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{cell::RefCell, rc::Rc};

/// A replicated state machine. Decoding the encoded form of a state or of a command gives an equal one.
pub trait StateMachine: Default + Serialize + DeserializeOwned + 'static {
    /// A command that every replica executes.
    type Command: Serialize + DeserializeOwned;
    /// The result of a command.
    type Output: 'static;

    /// Executes a command. State and output depend on the commands so far and on nothing else.
    fn execute(&mut self, command: Self::Command) -> Self::Output;
}

/// A state machine behind the encoded forms of its commands and of its state.
pub(super) trait Machine {
    /// Executes a command. Its client waits for the output if this node has given the command a `number`. A value that is
    /// no command changes nothing, on any node.
    fn execute(&mut self, command: &Json, number: Option<u64>);

    /// The encoded state.
    fn encode(&self) -> Json;

    /// Takes an encoded state, or the initial one.
    fn restore(&mut self, state: Option<&Json>) -> Result<(), Failure>;
}

/// The clients that wait for the outputs of their commands, by the numbers of these, in ascending order.
pub(super) type Waiting<M> = Rc<RefCell<Vec<(u64, oneshot::Sender<<M as StateMachine>::Output>)>>>;

/// A state machine and its clients.
pub(super) struct Served<M: StateMachine> {
    machine: M,
    waiting: Waiting<M>,
}

impl<M: StateMachine> Served<M> {
    /// A machine in its initial state.
    pub(super) fn new(waiting: &Waiting<M>) -> Box<Self> {
        Box::new(Self { machine: M::default(), waiting: Rc::clone(waiting) })
    }
}

impl<M: StateMachine> Machine for Served<M> {
    fn execute(&mut self, command: &Json, number: Option<u64>) {
        let Ok(command) = command.decode() else { return };
        let output = self.machine.execute(command);
        let mut waiting = self.waiting.borrow_mut();
        if let Some(position) = number.and_then(|number| waiting.iter().position(|(other, _)| *other == number)) {
            // The request may have timed out just now.
            let _ = waiting.remove(position).1.send(output);
        }
    }

    fn encode(&self) -> Json {
        Json::new(&self.machine)
    }

    fn restore(&mut self, state: Option<&Json>) -> Result<(), Failure> {
        self.machine = state.map(Json::decode).transpose()?.unwrap_or_default();
        Ok(())
    }
}

/// A state machine, and what it has executed for each node.
pub(super) struct State {
    machine: Box<dyn Machine>,
    origins: SortedMap<Pid, Origin>,
}

/// The executed commands of a node.
#[derive(Default, Serialize, Deserialize)]
struct Origin {
    settled: u64,
    /// Those above the settled ones, in ascending order.
    executed: Vec<u64>,
}

impl State {
    pub(super) fn new(machine: Box<dyn Machine>) -> Self {
        Self { machine, origins: SortedMap::new() }
    }

    /// Executes a command, unless it was executed or settled before, and returns true if it did. A client of this node waits
    /// for the output if the command `is_own`.
    pub(super) fn execute(&mut self, proposal: &Proposal, is_own: bool) -> bool {
        let Proposal { origin, number, settled, command } = proposal;
        let is_first = self.origins.or_default(*origin).is_first(*number, *settled);
        if is_first {
            self.machine.execute(command, is_own.then_some(*number));
        }
        is_first
    }

    /// Forgets what was executed for some nodes: later commands of theirs come from other incarnations.
    pub(super) fn forget(&mut self, nodes: &[Pid]) {
        self.origins.retain(|pid, _| !nodes.contains(pid));
    }

    pub(super) fn encode(&self) -> Json {
        Json::new(&(self.machine.encode(), &self.origins))
    }

    /// Takes an encoded state; `null` is the initial one. An error changes nothing.
    pub(super) fn restore(&mut self, state: &Json) -> Result<(), Failure> {
        let (machine, origins) = state.decode::<Option<(Json, _)>>()?.unzip();
        self.machine.restore(machine.as_ref())?;
        self.origins = origins.unwrap_or_default();
        Ok(())
    }
}

impl Origin {
    /// Notes that a command is executed, and returns `false` if it must not be.
    fn is_first(&mut self, number: u64, settled: u64) -> bool {
        let place = self.executed.binary_search(&number).err().filter(|_| number > self.settled);
        if let Some(place) = place {
            self.executed.insert(place, number);
        }
        if settled > self.settled {
            self.settled = settled;
            self.executed.retain(|number| *number > settled);
        }
        place.is_some()
    }
}
