//! The operations of the clients and their outcomes: the input of every checker.
//!
//! The types are in `model`; the other files read, write and build histories.

pub mod builder;
mod clients;
pub mod edn;
mod entries;
pub mod faults;
pub mod file;
mod lines;
mod model;
mod name;
mod pieces;
mod process;
mod read;
mod usual;

pub(crate) use clients::Clients;
pub use model::{History, Kind, Op, Operation};
pub use name::Name;
pub use process::Process;
