//! Records the messages of the compiler about nodes. `cases/pass/*.rs` compile without a warning. `cases/fail/NAME.rs`
//! make the mistake NAME and stand beside the exact messages, `cases/fail/NAME.stderr`.
//!
//! Each case is one call of rustc, with the libraries that this test was linked with, so there is nothing to build
//! first. The messages are those of the version in `cases/rustc-version`; with another one, a case must fail but may
//! say so in other words.
//!
//! `UPDATE_GOLDEN=1 cargo test -p glomers-ui-tests` records the messages anew. Read the diff: one error per mistake, at
//! the user's own line, which says what to write instead.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_rustc_args::rustc_args;
use similar::TextDiff;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    thread,
};

// Linked for the cases, which use them.
use glomers_protocol as _;
use serde as _;

/// The version of rustc whose messages are recorded.
const RECORDED: &str = include_str!("../cases/rustc-version");

#[test]
fn nodes_without_mistakes_compile_without_a_warning() {
    check_each("cases/pass", |_, output| if output.is_empty() { Ok(()) } else { Err(output.to_owned()) });
}

#[test]
fn each_mistake_has_its_message() {
    let version = version();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        fs::write("cases/rustc-version", format!("{version}\n")).unwrap();
    } else if version != RECORDED.trim() {
        eprintln!("skipped: the messages are those of rustc {}, this is {version}", RECORDED.trim());
    }
    check_each("cases/fail", |case, output| {
        let recorded = case.with_extension("stderr");
        let expected = fs::read_to_string(&recorded).unwrap_or_default();
        if !output.contains("error") {
            return Err("compiles".to_owned());
        }
        if update {
            fs::write(recorded, output).unwrap();
        } else if version == RECORDED.trim() && output != expected {
            return Err(TextDiff::from_lines(&expected, output).unified_diff().to_string());
        }
        Ok(())
    });
}

/// Compiles each case of `folder` and fails with all that `check` says about the messages.
fn check_each(folder: &str, check: impl Fn(&Path, &str) -> Result<(), String> + Sync) {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {folder}");
    let (failed, failures) = mpsc::channel();
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for cases in cases.chunks(cases.len().div_ceil(workers)) {
            let (failed, check) = (failed.clone(), &check);
            scope.spawn(move || {
                for case in cases {
                    if let Err(text) = check(case, &compile(case)) {
                        failed.send(format!("{}:\n{text}", case.display())).unwrap();
                    }
                }
            });
        }
    });
    drop(failed);
    let failures: Vec<String> = failures.iter().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Compiles a case as far as errors go and returns the messages.
fn compile(case: &Path) -> String {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(case.with_extension("rmeta").file_name().unwrap());
    let output = rustc()
        .args(libraries())
        .args(["--edition=2024", "--emit=metadata", "--color=never", "--diagnostic-width=140", "-o"])
        .args([&output, case])
        .output()
        .unwrap();
    normalize(&String::from_utf8(output.stderr).unwrap())
}

fn rustc() -> Command {
    Command::new(rustc_args!().lines().next().unwrap())
}

fn version() -> String {
    let output = rustc().arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

/// The arguments that name the libraries.
fn libraries() -> Vec<&'static str> {
    let args: Vec<&str> = rustc_args!().lines().collect();
    args.windows(2).filter(|pair| ["--extern", "-L"].contains(&pair[0])).flatten().copied().collect()
}

/// Drops the parts of the messages that are not about the case: lines of other files, the types that implement a trait,
/// and the number of errors.
fn normalize(messages: &str) -> String {
    let mut lines = Vec::new();
    let (mut in_case, mut in_list) = (true, false);
    for line in messages.lines().take_while(|line| !line.starts_with("error: aborting due to")) {
        if in_list {
            // The next part of a message begins with a word.
            let is_behind = line.starts_with(char::is_alphabetic);
            in_list = !is_behind && !line.trim_start().starts_with("and ");
            if !is_behind {
                continue;
            }
        }
        if line.contains("the following other types implement trait")
            || line.contains("the following types implement the")
        {
            in_list = true;
            continue;
        }
        let text = line.trim_start();
        let is_location = text.starts_with("--> ") || text.starts_with("::: ");
        if is_location {
            in_case = text.contains(" cases/");
        }
        let is_source =
            text.starts_with(|first: char| first.is_ascii_digit() || first == '|') || text.starts_with("...");
        match line.len() - text.len() {
            0 if !is_source => {
                in_case = true;
                lines.push(line.to_owned());
            }
            _ if is_location && !in_case => {
                let (arrow, path) = text.split_once(' ').unwrap();
                let path = path.trim_end_matches(|end: char| end.is_ascii_digit() || end == ':');
                lines.push(format!("  {arrow} {}", path.rsplit('/').next().unwrap()));
            }
            _ if is_location => lines.push(format!("  {text}")),
            _ if is_source && !in_case => {}
            _ if is_source => lines.push(gutter(text)),
            _ => lines.push(line.to_owned()),
        }
    }
    let text = lines.join("\n");
    format!("{}\n", text.trim_end()).trim_start().to_owned()
}

/// A line of source with a gutter of fixed width: rustc's is as wide as the longest line number of the whole message.
fn gutter(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    format!("{number:>2} {}", rest.trim_start())
}
