//! `glomers`: the workbench's command line.

mod arguments;
mod challenge;
mod check;
mod completions;
mod explain;
mod interrupt;
mod maelstrom;
mod new;
mod nodes;
mod progress;
mod serve;
mod soak;
mod table;
mod terminal;
mod test;

use arguments::{Arguments, Command};
use clap::Parser;
use glomers_workbench::Validity;
use std::{
    io::{Error, ErrorKind, Write, stderr},
    process::ExitCode,
};

/// Bad arguments (jepsen: `cli.clj`).
const BAD_ARGUMENTS: u8 = 254;

/// No verdict, for whatever reason (jepsen: `cli.clj`).
const NO_VERDICT: u8 = 255;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to do if the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_ARGUMENTS) } else { ExitCode::SUCCESS };
        }
    };
    let result = match arguments.command {
        None => challenge::run(&challenge::Selection { challenges: Vec::new(), seed: arguments.seed, maelstrom: None }),
        Some(Command::Challenge(selection)) => challenge::run(&selection),
        Some(Command::Test(options)) => test::run(&options),
        Some(Command::Soak(arguments)) => soak::run(&arguments),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Serve(arguments)) => serve::run(&arguments).map(|()| Validity::Valid),
        Some(Command::New(arguments)) => new::run(&arguments).map(|()| Validity::Valid),
        Some(Command::Completions(arguments)) => completions::run(&arguments).map(|()| Validity::Valid),
    };
    match result {
        Ok(validity) => validity.into(),
        // As in `glomers | head -1`: who closed the pipe knows.
        Err(error) if is_broken_pipe(&error) => ExitCode::from(NO_VERDICT),
        Err(error) => {
            let mark = if terminal::is_colored(&stderr()) { "\x1b[31merror:\x1b[0m" } else { "error:" };
            let _ = writeln!(stderr(), "{mark} {error:#}");
            ExitCode::from(if interrupt::is_pressed_again() { interrupt::exit_code() } else { NO_VERDICT })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let in_json = || cause.downcast_ref::<serde_json::Error>()?.io_error_kind();
        cause.downcast_ref::<Error>().map(Error::kind).or_else(in_json)
    };
    error.chain().filter_map(kind).any(|kind| kind == ErrorKind::BrokenPipe)
}
