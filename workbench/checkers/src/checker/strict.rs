//! Faults that a history shows and Maelstrom's checkers do not look for. They stand beside the verdict and change it
//! only in a strict test.
//!
//! Each is one that no node which keeps its promises can show, with one exception that a strict test takes for a
//! promise: a node serves what it has acknowledged.

pub(super) mod agreement;
pub mod altered;
pub mod answers;
pub mod counters;
pub mod crashed;
pub mod registers;
pub mod sets;
