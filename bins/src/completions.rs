//! `glomers completions`: what a shell must know to complete a command line.

use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// For which shell.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  glomers completions bash > ~/.local/share/bash-completion/completions/glomers\n  glomers completions zsh > ~/.zfunc/_glomers            with ~/.zfunc in $fpath\n  glomers completions fish > ~/.config/fish/completions/glomers.fish\n  glomers completions powershell >> $PROFILE"
)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Prints the shell's script.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::arguments::Arguments::command(), "glomers", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}
