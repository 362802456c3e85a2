//! A test from its options to its report.
//!
//! - `start`: the ways to run a test. `lifecycle`: its stages in order.
//! - `session`: the state of a test that runs, on which all of these act. `workers`: its clients.
//! - `interpreter`: operations and faults, when they are due. `pace`: when operations are due. `nemesis`: the faults.
//!   `probe`: the operations that show whether nodes serve again.
//! - `progress`: the view of an observer. `report`: the results. `summary`: the same in words. `error`: the reasons for which there are none.

pub(crate) mod effect;
pub(crate) mod error;
pub(crate) mod interpreter;
pub(crate) mod lifecycle;
pub(crate) mod load;
pub(crate) mod nemesis;
pub(crate) mod pace;
pub(crate) mod probe;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod session;
pub(crate) mod start;
mod summary;
pub(crate) mod workers;
