//! What the nodes' binaries have in common: a [`catalogue`] of them all, and a command line that says what it knows of
//! each.

pub mod catalogue;

use catalogue::Node;
use clap::Parser;
use glomers_handlers::hub::BUDGET;
use glomers_protocol::Handler;
use std::{io, time::Duration};

/// Runs the node of that name over stdin and stdout, after a look at its arguments: it takes none but `--help` and
/// `--version`.
///
/// # Errors
///
/// Those of [`glomers_protocol::run`].
///
/// # Panics
///
/// The catalogue does not know the node.
pub fn run<H: Handler>(name: &str) -> io::Result<()> {
    let NoArguments {} = arguments(name);
    glomers_protocol::run::<H>()
}

#[derive(Parser)]
struct NoArguments {}

/// The arguments of the node `broadcast`.
#[derive(Parser)]
pub struct BroadcastArguments {
    /// Milliseconds that a value may take to be known everywhere: the more, the fewer messages.
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
}

impl BroadcastArguments {
    /// How long a value may take to be known everywhere.
    pub fn budget(&self) -> Duration {
        Duration::from_millis(self.latency_budget)
    }
}

/// The arguments of the node of that name, with a help that the catalogue completes. Help goes to stdout and ends the
/// process with 0, arguments that it does not know go to stderr and end it with 2.
///
/// # Panics
///
/// The catalogue does not know the node.
pub fn arguments<A: Parser>(name: &str) -> A {
    let node = Node::find(name).expect("every node is in the catalogue");
    let lines = node.lines().collect::<Vec<_>>().join("\n  ");
    let command = A::command()
        .name(node.name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("{}\n\n{}", node.title(), node.about))
        .after_help(format!("Under Maelstrom:\n  {lines}"));
    A::from_arg_matches_mut(&mut command.get_matches()).unwrap_or_else(|error| error.exit())
}
