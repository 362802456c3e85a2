//! A test from its options to its report.
//!
//! - `start`: the ways to run a test.
//! - `test`, `phase`: its phases. `nemesis`: its faults. `workers`: its clients. `probe`: the operations that show
//!   whether nodes serve again.
//! - `progress`: how far it is. `report`: what came of it.

pub(crate) mod nemesis;
pub(crate) mod phase;
pub(crate) mod probe;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod start;
pub(crate) mod test;
pub(crate) mod workers;
