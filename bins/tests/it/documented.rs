//! `docs/command-line.md` holds the help of every command, word for word. `UPDATE_GOLDEN=1` writes it anew.

use std::{env, fs, process::Command};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command-line.md");

/// The test compares the text between these lines.
const BEGIN: &str = "<!-- cargo test -p glomers --test it documented -->\n";
const END: &str = "<!-- end -->";

fn run(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_glomers")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help names, in its order.
fn commands(help: &str) -> Vec<&str> {
    let (_, rest) = help.split_once("\nCommands:\n").unwrap();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().next().unwrap()).filter(|name| *name != "help").collect()
}

fn block(words: &str, help: &str) -> String {
    let lines = help.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    format!("\n## {words}\n\n```text\n{}\n```\n", lines.trim_end())
}

#[test]
fn the_document_has_every_help() {
    let help = run(&["--help"]);
    let commands = commands(&help);
    assert!(commands.len() > 5 && commands.contains(&"explain"), "{commands:?}");
    let blocks = commands.iter().map(|name| block(&format!("glomers {name}"), &run(&[name, "--help"])));
    let expected = block("glomers", &help) + &blocks.collect::<String>() + "\n";
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(DOCUMENT, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
    }
    assert_eq!(written, expected);
}

#[test]
fn every_command_shows_examples() {
    for name in commands(&run(&["--help"])) {
        let help = run(&[name, "--help"]);
        let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{name}: {help}"));
        assert!(examples.starts_with(&format!("  glomers {name}")), "{name}: {help}");
    }
}

#[test]
fn every_shell_has_its_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]);
        for word in ["challenge", "explain", "time-limit", "txn-list-append-lin-kv"] {
            // Elvish and PowerShell do not complete values.
            let is_value = word.starts_with("txn") && matches!(shell, "elvish" | "powershell");
            assert!(is_value || script.contains(word), "{shell}: no {word}");
        }
    }
}
