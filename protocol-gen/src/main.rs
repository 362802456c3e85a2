//! The command line of the schema compiler. Exit codes: 0 done, or no difference; 1 there are differences; 2 an error.

use clap::{Parser, Subcommand};
use glomers_protocol_gen::Error;
use std::{
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Compiles JSON Schemas of Maelstrom messages into typed Rust.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate Rust from a schema folder: print it, or write it to a folder.
    #[command(after_help = "Example, after an edit below schema/:\n  \
        cargo run -p glomers-protocol-gen -- generate schema --out protocol/generated")]
    Generate {
        /// The folder with the schema files.
        schema: PathBuf,
        /// Write one file a schema below this folder instead of printing.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Bring the schema folder up to date with a version of Maelstrom, and print what has changed.
    #[command(after_help = "Example:\n  \
        cargo run -p glomers-protocol-gen -- import ~/maelstrom && cargo generate && cargo build")]
    Import {
        /// A release of Maelstrom, or a checkout of its source: the folder with `doc/workloads.md` and `doc/protocol.md`.
        maelstrom: PathBuf,
        /// The folder with the schema files.
        #[arg(long, value_name = "DIR", default_value = "schema")]
        schema: PathBuf,
    },
    /// Print what a version of Maelstrom says otherwise than the schema folder; exit with 1 if there is anything.
    Check {
        /// A release of Maelstrom, or a checkout of its source: the folder with `doc/workloads.md` and `doc/protocol.md`.
        maelstrom: PathBuf,
        /// The folder with the schema files.
        #[arg(long, value_name = "DIR", default_value = "schema")]
        schema: PathBuf,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        // Nothing is left to do if stderr is closed too.
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::from(2)
    })
}

fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Generate { schema, out } => {
            let sources = glomers_protocol_gen::generate(&schema)?;
            match out {
                Some(folder) => glomers_protocol_gen::write(&folder, &sources)?,
                None => print(sources.iter().map(|source| format!("// {}\n{}", source.path.display(), source.text)))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Import { maelstrom, schema } => {
            print(glomers_protocol_gen::import(&maelstrom, &schema)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { maelstrom, schema } => {
            let differences = glomers_protocol_gen::check(&maelstrom, &schema)?;
            let differs = !differences.is_empty();
            print(differences)?;
            Ok(ExitCode::from(u8::from(differs)))
        }
    }
}

/// Prints one thing a line.
fn print(lines: impl IntoIterator<Item = impl Display>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let mut lines = lines.into_iter();
    lines.try_for_each(|line| writeln!(out, "{line}")).map_err(|source| Error::Io { path: "stdout".into(), source })
}
