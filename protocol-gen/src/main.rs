//! The command line of the schema compiler.

use clap::{Parser, Subcommand};
use std::{
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
}

fn main() -> ExitCode {
    let Command::Generate { schema, out } = Arguments::parse().command;
    let result = glomers_protocol_gen::generate(&schema).and_then(|sources| match out {
        Some(folder) => glomers_protocol_gen::write(&folder, &sources),
        None => print(&sources).map_err(|source| glomers_protocol_gen::Error::Io { path: "stdout".into(), source }),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if stderr is closed too.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(sources: &[glomers_protocol_gen::Source]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for source in sources {
        writeln!(out, "// {}\n{}", source.path.display(), source.text)?;
    }
    Ok(())
}
