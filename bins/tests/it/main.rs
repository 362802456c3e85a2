//! The integration tests of the programs, in one program, because each program is linked anew after every change.
//!
//! `tests/interrupt.rs` stays alone: it sends signals to `glomers` at certain moments of a run and waits for processes
//! to end, so the load of tests beside it would decide its outcome.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod action;
#[path = "../cluster/mod.rs"]
mod cluster;
mod command_line;
mod documented;
mod failed_runs;
mod help;
mod junit;
mod links;
mod maelstrom;
mod new;
mod parity;
mod power_cut;
mod process;
mod readme;
mod replay;
mod resources;
mod serve;
mod walls;
mod watch;
