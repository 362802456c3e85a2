//! The effect of a fault, which a report shows: a fault without any effect tests nothing.

use crate::options::Fault;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A fault that was injected, and its effect.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Effect {
    /// The fault's name.
    pub fault: String,
    /// The number of times it began.
    pub rounds: usize,
    /// The number of messages that it lost, doubled or delayed, of nodes that it stopped, or of writes, syncs or bytes that it
    /// affected.
    pub affected: usize,
    /// True if a command of the user's injected it. `affected` is then the number of nodes that it was asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, rounds, affected, elsewhere } = self;
        let plural = |count| if count == 1 { "" } else { "s" };
        if *elsewhere {
            let nodes = format!("{affected} node{}", plural(*affected));
            return write!(f, "{fault}: {rounds} round{} by the nemesis command, {nodes} struck", plural(*rounds));
        }
        let (noun, verb) = match Fault::from_str(fault) {
            Ok(Fault::Kill | Fault::KillMinority) => ("node", "killed"),
            Ok(Fault::Pause) => ("node", "paused"),
            Ok(Fault::Duplicate) => ("message", "doubled"),
            Ok(Fault::Reorder | Fault::Slow) => ("message", "delayed"),
            Ok(Fault::DiskSlow) => ("sync", "slowed"),
            Ok(Fault::DiskFull) => ("write", "refused"),
            Ok(Fault::DiskError) => ("sync", "failed"),
            Ok(Fault::DiskCorrupt) => ("byte", "changed"),
            _ => ("message", "dropped"),
        };
        write!(f, "{fault}: {rounds} round{}, {affected} {noun}{} {verb}", plural(*rounds), plural(*affected))
    }
}
