//! What the nodes' binaries have in common: a [`catalogue`] of them all, and a command line that says what it knows of
//! each, and which messages it speaks.

pub mod catalogue;

use catalogue::Node;
use clap::{Arg, ArgAction, ArgMatches, Command, Parser};
use glomers_handlers::{Hub, hub::BUDGET};
use glomers_protocol::{Context, Described};
use serde_json::Value;
use std::{
    io::{self, Write},
    time::Duration,
};

/// Runs the node of that name over stdin and stdout, after a look at its arguments: it takes none but `--help`,
/// `--schema` and `--version`.
///
/// # Errors
///
/// Those of [`glomers_protocol::run`].
///
/// # Panics
///
/// The catalogue does not know the node.
pub fn run<H: Described>(name: &str) -> io::Result<()> {
    let NoArguments {} = arguments::<_, H>(name);
    glomers_protocol::run::<H>()
}

#[derive(Parser)]
struct NoArguments {}

/// The arguments of the node `broadcast`.
#[derive(Clone, Parser)]
pub struct BroadcastArguments {
    /// Milliseconds that a value may take to be known everywhere: the more, the fewer messages.
    #[arg(long, value_name = "MILLIS", default_value_t = BUDGET.as_millis() as u64)]
    latency_budget: u64,
    /// Confirm a value only when another node has it too, for nodes that are killed.
    #[arg(long)]
    durable: bool,
}

impl BroadcastArguments {
    /// The node that is asked for.
    pub fn node(&self, cx: &Context) -> Hub {
        let node = Hub::with_budget(cx, Duration::from_millis(self.latency_budget));
        if self.durable { node.durable() } else { node }
    }
}

/// The arguments of the node of that name, with a help that the catalogue completes. Help goes to stdout and ends the
/// process with 0, as does the schema of what an `H` speaks; arguments that it does not know go to stderr and end it
/// with 2.
///
/// # Panics
///
/// The catalogue does not know the node.
pub fn arguments<A: Parser, H: Described>(name: &str) -> A {
    let mut matches = matches(name, A::command(), H::schema);
    A::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
}

/// The arguments as clap found them.
fn matches(name: &str, command: Command, schema: fn() -> Value) -> ArgMatches {
    let node = Node::find(name).expect("every node is in the catalogue");
    let lines = node.lines().collect::<Vec<_>>().join("\n  ");
    let command = command
        .name(node.name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("{}\n\n{}", node.title(), node.about))
        .after_help(format!("Under Maelstrom:\n  {lines}"))
        .arg(
            Arg::new("schema").long("schema").action(ArgAction::SetTrue).help("Print the JSON Schema of all messages"),
        );
    let matches = command.get_matches();
    if matches.get_flag("schema") {
        // Nothing is left to do if nobody reads it.
        let _ = writeln!(io::stdout(), "{:#}", schema());
        std::process::exit(0);
    }
    matches
}
