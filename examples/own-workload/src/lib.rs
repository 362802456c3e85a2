//! A workload that is not Maelstrom's. `docs/own-workload.md` walks through this crate.

mod board;
mod checker;
mod workload;

include!(concat!(env!("OUT_DIR"), "/mod.rs"));

pub use board::Board;
pub use workload::Leaderboard;
