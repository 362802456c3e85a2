//! `glomers`: the workbench's command line.

mod challenge;
mod check;
mod cli;
mod completions;
mod explain;
mod explore;
mod flags;
mod interrupt;
mod junit;
mod maelstrom;
mod names;
mod new;
mod node_logs;
mod out;
mod progress;
mod run_path;
mod serve;
mod shell;
mod soak;
mod table;
mod terminal;
mod test;
mod typography;
mod usage;
mod watch;

use clap::{CommandFactory, Parser};
use cli::{Arguments, Command};
use glomers_workbench::Validity;
use std::{
    io::{Error, ErrorKind, Write, stderr, stdout},
    process::ExitCode,
};

/// Bad arguments (jepsen: `cli.clj`).
const BAD_ARGUMENTS: u8 = 254;

/// No verdict, for whatever reason (jepsen: `cli.clj`).
const NO_VERDICT: u8 = 255;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let typography = typography::find(words.iter().skip(1).map(String::as_str)).map(|found| found.to_string());
    let hint = || words.get(1).and_then(|command| cli::hint(command)).map(str::to_owned);
    if let Some(text) = typography.or_else(hint) {
        complain(&text);
        return ExitCode::from(BAD_ARGUMENTS);
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to do if the terminal is gone.
            if error.use_stderr() {
                let _ = error.print();
                return ExitCode::from(BAD_ARGUMENTS);
            }
            let help = error.render();
            let help = if terminal::is_colored(&stdout()) { help.ansi().to_string() } else { help.to_string() };
            let _ = out::line(help.trim_end());
            return ExitCode::SUCCESS;
        }
    };
    match run(arguments, &words) {
        Ok(validity) => validity.into(),
        // The reader of `glomers explain | head -1` has closed the pipe itself.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(match interrupt::is_pressed_again() {
                true => interrupt::exit_code(),
                false if usage::is_usage(&error) => BAD_ARGUMENTS,
                false => NO_VERDICT,
            })
        }
    }
}

fn run(arguments: Arguments, words: &[String]) -> anyhow::Result<Validity> {
    match arguments.command {
        None => challenge::run(&challenge::Selection { seed: arguments.seed, ..challenge::Selection::default() }),
        Some(Command::Challenge(selection)) => challenge::run(&selection),
        Some(Command::Test(options)) => test::run(&options, words),
        Some(Command::Soak(arguments)) => soak::run(&arguments),
        Some(Command::Explore(arguments)) => explore::run(&arguments),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Serve(arguments)) => serve::run(&arguments).map(|()| Validity::Valid),
        Some(Command::New(arguments)) => new::run(&arguments).map(|()| Validity::Valid),
        Some(Command::Watch(arguments)) => watch::run(&arguments),
        Some(Command::Completions(arguments)) => {
            completions::run(&arguments, Arguments::command()).map(|()| Validity::Valid)
        }
    }
}

/// Prints an error. Nothing is left to do if the terminal is gone.
fn complain(text: &str) {
    let mark = if terminal::is_colored(&stderr()) { "\x1b[31merror:\x1b[0m" } else { "error:" };
    let _ = writeln!(stderr(), "{mark} {text}");
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let in_json = || cause.downcast_ref::<serde_json::Error>()?.io_error_kind();
        cause.downcast_ref::<Error>().map(Error::kind).or_else(in_json)
    };
    error.chain().filter_map(kind).any(|kind| kind == ErrorKind::BrokenPipe)
}
