//! `glomers completions`: scripts with which a shell completes command lines.

use clap::Command;
use clap_complete::Shell;
use std::io::Write;

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/completions.txt"))]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints the shell's script for this command.
pub(crate) fn run(arguments: &Arguments, mut command: Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "glomers", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}
