//! The trait of replicated state machines.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A replicated state machine. Decoding its encoded form gives an equal one.
pub trait StateMachine: Default + Serialize + DeserializeOwned + 'static {
    /// A command that every replica executes.
    type Command: Clone + Debug + Serialize + DeserializeOwned + 'static;
    /// The result of a command.
    type Output: 'static;

    /// Executes a command. State and output depend on the commands so far and on nothing else.
    fn execute(&mut self, command: Self::Command) -> Self::Output;
}
