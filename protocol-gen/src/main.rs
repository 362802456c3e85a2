//! The command line of the schema compiler. Exit codes: 0 for success and no difference, 1 for differences, 2 for
//! errors.

use clap::{Parser, Subcommand};
use glomers_protocol_gen::Error;
use std::{
    fmt::Display,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Compiles JSON Schemas of Maelstrom messages into typed Rust.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate Rust from a schema folder, and print it or write it to a folder.
    #[command(after_help = "Example, after an edit in schema/:\n  \
        cargo run -p glomers-protocol-gen -- generate schema --out protocol/generated")]
    Generate {
        /// The folder with the schema files.
        schema: PathBuf,
        /// Write one file per schema into this folder instead of printing.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Update the schema folder to a version of Maelstrom, and print the differences.
    #[command(after_help = "Example:\n  \
        cargo run -p glomers-protocol-gen -- import ~/maelstrom && cargo generate && cargo build")]
    Import {
        /// The folder of a Maelstrom release or of a checkout of the source. It contains `doc/workloads.md` and
        /// `doc/protocol.md`.
        maelstrom: PathBuf,
        /// The folder with the schema files.
        #[arg(long, value_name = "DIR", default_value = "schema")]
        schema: PathBuf,
    },
    /// Print the differences between the schema folder and a version of Maelstrom. The exit code is 1 if there are any.
    Check {
        /// The folder of a Maelstrom release or of a checkout of the source. It contains `doc/workloads.md` and
        /// `doc/protocol.md`.
        maelstrom: PathBuf,
        /// The folder with the schema files.
        #[arg(long, value_name = "DIR", default_value = "schema")]
        schema: PathBuf,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        // If stderr is closed, nobody reads the error.
        let _ = writeln!(io::stderr(), "error: {}", error.with_causes());
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

/// Prints each item on a line.
fn print(lines: impl IntoIterator<Item = impl Display>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let mut lines = lines.into_iter();
    lines.try_for_each(|line| writeln!(out, "{line}")).map_err(|source| Error::Write { path: "stdout".into(), source })
}
