//! What the clients did and what became of it: the input of every checker.
//!
//! The types are in `model`; the other files read, write and build histories.

pub mod builder;
pub mod edn;
mod entries;
pub mod faults;
pub mod file;
mod model;
mod read;

pub use model::{History, Kind, Op, Operation, Process};
