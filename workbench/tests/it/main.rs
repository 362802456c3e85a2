//! The integration tests of this crate, in one program: it links once.

mod awaited;
mod checker_mutants;
mod deltas;
mod determinism;
mod disk_faults;
mod durable;
mod explore;
mod fault_mutants;
mod faults;
mod ignored_messages;
mod interpreter;
mod kafka;
mod kafka_mutants;
mod liveness;
mod mutants;
mod nodes;
mod operations_begun;
mod panics;
mod simulated_disks;
mod simulation;
mod watched;
