//! The top of the command line: the commands and their arguments.

use crate::{challenge, check, completions, explain, explore, new, serve, soak, test::options::TestOptions, watch};
use clap::{Parser, Subcommand};

/// Judges Maelstrom nodes without a JVM.
///
/// Without a command, runs every Gossip Glomers challenge in a deterministic simulation.
#[derive(Parser)]
#[command(version, after_help = include_str!("help/glomers.txt"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The seed of everything random: latencies, partitions, operations and the nodes' own choices
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run challenges with their official arguments and pass criteria
    Challenge(challenge::Selection),
    /// Run one test, as `maelstrom test` does
    Test(Box<TestOptions>),
    /// Run many random tests; repeat and shrink those that fail
    Soak(soak::Arguments),
    /// Try all schedules of a small cluster and a few operations
    Explore(Box<explore::Arguments>),
    /// Judge a recorded history of Maelstrom or glomers
    Check(Box<check::Arguments>),
    /// Show the operations and messages around the findings of a run
    Explain(explain::Arguments),
    /// Show all runs as web pages on this machine
    Serve(serve::Arguments),
    /// Make a crate for your own node
    New(new::Arguments),
    /// Run the tests of your crate again after every save
    Watch(watch::Arguments),
    /// Print a script with which a shell completes command lines
    Completions(completions::Arguments),
}

/// The hint for a command of Maelstrom that glomers does not have.
pub(crate) fn hint(command: &str) -> Option<&'static str> {
    match command {
        "demo" => Some(
            "`demo` runs the example nodes that Maelstrom ships; `glomers challenge` runs the built-in node of every \
             challenge instead",
        ),
        "doc" => Some(
            "`doc` writes Maelstrom's documentation; here the messages of a workload are in schema/workloads, and each \
             built-in node prints those that it handles with `--schema`",
        ),
        "analyze" => Some("`analyze` judges a stored test again; use `glomers check -w WORKLOAD PATH` instead"),
        _ => None,
    }
}
