//! `glomers watch`: the tests of a crate, run again after every save. The output of the last run fills the screen, and the verdicts
//! come again at its end, so they are seen on a small screen as well.
//!
//! The files are looked at again and again: no message about a change gets lost, on any file system, and a crate has few of them.
//!
//! Cargo has its own process group. A test with a loop without end survives cargo, so the whole group is ended: after a change,
//! and after Ctrl-C, which such a group does not get from the terminal.

use crate::{interrupt, out, terminal, usage::usage};
use anyhow::{Context, anyhow};
use glomers_workbench::Validity;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs,
    io::{self, BufRead, BufReader, IsTerminal, pipe, stdout},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

/// The time between two looks at the files, and at a run.
const PERIOD: Duration = Duration::from_millis(100);

/// Clears the screen and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = include_str!("help/watch.txt"))]
pub(crate) struct Arguments {
    /// The folder of the crate
    #[arg(default_value = ".", value_name = "CRATE")]
    folder: PathBuf,
    /// `challenge 3c` for the test of one challenge, or arguments of `cargo test`; all tests if none are given
    #[arg(last = true)]
    words: Vec<String>,
    /// Run once and do not wait for changes
    #[arg(long)]
    once: bool,
}

/// The sources of a crate as they were when they were looked at last.
struct Sources {
    places: [PathBuf; 2],
    files: Vec<File>,
}

/// A file, or a folder: its path, the time of its last change, and its size.
type File = (PathBuf, SystemTime, u64);

impl Sources {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let place = |name| {
            let path = folder.join(name);
            path.canonicalize().with_context(|| format!("cannot watch {}", path.display()))
        };
        let mut sources = Self { places: [place("Cargo.toml")?, place("src")?], files: Vec::new() };
        sources.look();
        Ok(sources)
    }

    /// Looks again, and tells whether something is different.
    fn look(&mut self) -> bool {
        let mut files = Vec::new();
        self.places.iter().for_each(|place| add(place, &mut files));
        let is_changed = files != self.files;
        self.files = files;
        is_changed
    }

    /// Waits until the next look. Files that are saved together are one change: it is over when nothing changes any more.
    #[expect(clippy::disallowed_methods, reason = "it is no node, and has nothing else to do")]
    fn changed(&mut self) -> bool {
        let mut is_changed = false;
        loop {
            thread::sleep(PERIOD);
            if !self.look() {
                return is_changed;
            }
            is_changed = true;
        }
    }
}

/// Adds what is at a path; links are not followed. A file that is just being replaced by its next version is not there, which is
/// a change as well.
fn add(path: &Path, files: &mut Vec<File>) {
    let Ok(found) = fs::symlink_metadata(path) else { return };
    files.push((path.to_owned(), found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len()));
    if found.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort_unstable();
        paths.iter().for_each(|path| add(path, files));
    }
}

/// Runs the tests now and after every change, until the user ends it.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Validity> {
    let Arguments { folder, once, .. } = arguments;
    if !folder.join("Cargo.toml").is_file() {
        let shown = folder.display();
        return Err(usage(format!("{shown} is not a crate: it has no Cargo.toml; `glomers new` makes one")));
    }
    let words = cargo_words(&arguments.words);
    interrupt::listen(false)?;
    let mut sources = Sources::of(folder)?;
    loop {
        if stdout().is_terminal() && !once {
            out::line(format!("{CLEAR}cargo {}", words.join(" ")))?;
        }
        let passed = test(folder, &words, &mut sources)?;
        if *once {
            return Ok(Validity::from_valid(passed == Some(true)));
        }
        match passed {
            Some(true) => out::line("All pass. Waiting for a change; Ctrl-C ends it.")?,
            Some(false) => out::line("Waiting for a change; Ctrl-C ends it.")?,
            None => continue,
        }
        while !sources.changed() {
            if interrupt::is_pressed() {
                leave();
            }
        }
    }
}

/// Runs the tests to their end, or until something changes. Returns whether they passed.
fn test(folder: &Path, words: &[String], sources: &mut Sources) -> anyhow::Result<Option<bool>> {
    let color = if terminal::is_colored(&stdout()) { "always" } else { "never" };
    let mut cargo = Command::new("cargo");
    cargo.args(words).env("CARGO_TERM_COLOR", color).current_dir(folder).stdin(Stdio::null()).process_group(0);
    let (reader, writer) = pipe()?;
    cargo.stdout(writer.try_clone()?).stderr(writer);
    let mut child = cargo.spawn().context("cannot run `cargo`")?;
    // It holds the other end of the pipe.
    drop(cargo);
    let shown = thread::spawn(move || show(BufReader::new(reader)));
    loop {
        if let Some(status) = child.try_wait()? {
            let verdicts = shown.join().map_err(|_| anyhow!("the output of cargo could not be shown"))??;
            out::line(format!("\n{}", verdicts.join("\n")).trim_end())?;
            return Ok(Some(status.success()));
        }
        let is_over = interrupt::is_pressed();
        if is_over || sources.changed() {
            stop(&mut child)?;
            if is_over {
                leave();
            }
            return Ok(None);
        }
    }
}

/// Prints the lines of cargo, fit for the terminal, and returns the verdict of each test.
fn show(lines: impl BufRead) -> io::Result<Vec<String>> {
    let mut verdicts = Vec::new();
    let mut test = String::new();
    for line in lines.split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            name.rsplit("::").next().unwrap_or(name).clone_into(&mut test);
        }
        if is_verdict(&line) {
            let name = if line.starts_with("challenge ") { "" } else { &*test };
            verdicts.push(format!("{name}  {line}").trim_start().to_owned());
        }
        out::line(line)?;
    }
    Ok(verdicts)
}

/// Tells whether a line is the first one of a report: `echo: valid (49 of 49 operations ok)`. That of a challenge names it.
fn is_verdict(line: &str) -> bool {
    let is_named = [": valid (", ": invalid (", ": unknown ("].iter().any(|name| line.contains(name));
    is_named && line.ends_with(" operations ok)")
}

/// Ends a run with all its processes. Those of a group that has ended are gone.
fn stop(child: &mut Child) -> anyhow::Result<()> {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait()?;
    Ok(())
}

/// Ends this process as Ctrl-C does by itself.
fn leave() -> ! {
    std::process::exit(interrupt::exit_code().into())
}

/// The arguments of cargo: `challenge 3c` is the test of that name. Passing tests show their reports, too.
fn cargo_words(words: &[String]) -> Vec<String> {
    let mut cargo = ["test", "--quiet"].map(str::to_owned).to_vec();
    match words {
        [command, numbers @ ..] if command == "challenge" && !numbers.is_empty() => {
            cargo.push("--".to_owned());
            cargo.extend(numbers.iter().map(|number| format!("challenge_{}", number.to_lowercase())));
        }
        [command] if command == "challenge" => cargo.extend(["--".to_owned(), "challenge".to_owned()]),
        [] => cargo.push("--".to_owned()),
        _ => return [&cargo[..1], words].concat(),
    }
    cargo.push("--show-output".to_owned());
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_tests_of_their_names() {
        let check = |words: &str, expected: &str| {
            let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
            assert_eq!(cargo_words(&words).join(" "), expected);
        };
        check("", "test --quiet -- --show-output");
        check("challenge 3C 3d", "test --quiet -- challenge_3c challenge_3d --show-output");
        check("challenge", "test --quiet -- challenge --show-output");
        check("--release challenge_3c", "test --release challenge_3c");
    }

    #[test]
    fn verdicts_come_again_with_the_names_of_their_tests() {
        let output = "running 2 tests\n---- tests::challenge_3b stdout ----\n\nthread 'tests::challenge_3b' panicked:\n\
            challenge 3b: broadcast: invalid (205 of 205 operations ok)\n\n  workload      invalid  80 x lost\n\
            ---- tests::mine stdout ----\necho: valid (49 of 49 operations ok)\n";
        let verdicts = show(output.as_bytes()).unwrap();
        let expected = [
            "challenge 3b: broadcast: invalid (205 of 205 operations ok)",
            "mine  echo: valid (49 of 49 operations ok)",
        ];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn saved_added_and_removed_files_are_changes_and_read_ones_are_not() {
        let crate_folder = tempfile::tempdir().unwrap();
        let folder = crate_folder.path();
        fs::create_dir_all(folder.join("src/inner")).unwrap();
        fs::write(folder.join("Cargo.toml"), "").unwrap();
        fs::write(folder.join("src/inner/a.rs"), "1").unwrap();
        let mut sources = Sources::of(folder).unwrap();
        assert!(!sources.look());
        fs::read(folder.join("src/inner/a.rs")).unwrap();
        fs::write(folder.join("README.md"), "").unwrap();
        assert!(!sources.look());
        fs::write(folder.join("src/inner/a.rs"), "12").unwrap();
        assert!(sources.look());
        fs::rename(folder.join("src/inner/a.rs"), folder.join("src/inner/b.rs")).unwrap();
        assert!(sources.look());
        fs::remove_file(folder.join("src/inner/b.rs")).unwrap();
        assert!(sources.look());
        fs::write(folder.join("Cargo.toml"), "[package]").unwrap();
        assert!(sources.look() && !sources.look());
    }
}
