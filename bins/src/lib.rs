//! The common part of the nodes' binaries: the [`catalogue`] of all built-in nodes, and the command line of a node,
//! which describes it and prints the schema of its messages.

pub mod broadcast;
pub mod catalogue;

use catalogue::Node;
use clap::{Arg, ArgAction, ArgMatches, Command, Parser};
use glomers_protocol::Described;
use serde_json::Value;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Runs the node with a name over stdin and stdout. It takes no arguments but `--help`, `--schema` and `--version`.
///
/// # Errors
///
/// Those of [`glomers_protocol::run`].
///
/// # Panics
///
/// The node is not in the catalogue.
pub fn run<H: Described>(name: &str) -> io::Result<()> {
    let NoArguments {} = arguments::<_, H>(name);
    glomers_protocol::run::<H>()
}

/// Runs the node with a name, which keeps its data on a disk, over stdin and stdout. It takes [`DataArguments`].
///
/// # Errors
///
/// Those of [`glomers_protocol::run_in`].
///
/// # Panics
///
/// The node is not in the catalogue.
pub fn run_durable<H: Described>(name: &str) -> io::Result<()> {
    let arguments = arguments::<DataArguments, H>(name);
    glomers_protocol::run_in::<H, _>(arguments.data, H::init)
}

#[derive(Parser)]
struct NoArguments {}

/// The arguments of a node that keeps its data.
#[derive(Clone, Debug, Default, Parser)]
pub struct DataArguments {
    /// The folder of the data, in which each node has a folder of its name [default: that in GLOMERS_DATA, else one for the
    /// run among the temporary files]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The arguments of the node with a name; its help text is completed from the catalogue. Help, and the schema of the
/// messages of an `H`, go to stdout and end the process with 0. An error about unknown arguments goes to stderr and
/// ends it with 2.
///
/// # Panics
///
/// The node is not in the catalogue.
pub fn arguments<A: Parser, H: Described>(name: &str) -> A {
    let mut matches = matches(name, A::command(), H::schema);
    A::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
}

/// The arguments as clap parsed them.
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
        // Nothing is left to do if the reader is gone.
        let _ = writeln!(io::stdout(), "{:#}", schema());
        std::process::exit(0);
    }
    matches
}
