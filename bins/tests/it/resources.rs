//! `glomers` with a closed pipe, a full disk or a folder that cannot be made. It reports each of these once, and the
//! results are not lost.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// `glomers` with these words, in a folder of its own.
fn glomers(words: &str) -> (TempDir, Command) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_glomers"));
    command.args(words.split_whitespace()).current_dir(&folder);
    (folder, command)
}

#[track_caller]
fn check(output: &Output, stdout: &str, stderr: &str) {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert_eq!(output.status.code(), Some(255), "{out}{err}");
    assert!(out.contains(stdout), "{out}{err}");
    let lines: Vec<_> = err.lines().collect();
    assert!(lines.len() == 1 && lines[0].contains(stderr), "{out}{err}");
}

const ECHO: &str = "test -w echo --time-limit 2 --rate 20";

/// As in `glomers test | head -1`.
#[test]
fn a_reader_that_leaves_is_no_trouble() {
    for words in [ECHO, "test -w echo --time-limit 2 --json", "challenge 1", "--help", "test --help"] {
        let (folder, mut command) = glomers(words);
        // Closed before a word is written.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words}");
        // The run is kept all the same.
        assert_eq!(folder.path().join("store/latest/results.json").exists(), words.contains("-w"), "{words}");
    }
}

#[test]
fn a_reader_that_leaves_after_a_line_is_no_trouble() {
    let (_folder, mut command) = glomers("test -w echo --time-limit 2 --json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\n");
    assert_eq!(String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_stdout_on_a_full_disk_is_named() {
    for words in [ECHO, "challenge 1"] {
        let (_folder, mut command) = glomers(words);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        check(&command.output().unwrap(), "", "No space left on device");
    }
}

#[test]
fn a_store_that_cannot_be_is_named_before_the_run() {
    let (folder, mut command) = glomers(&format!("{ECHO} --store file/store"));
    File::create(folder.path().join("file")).unwrap();
    check(&command.output().unwrap(), "", "cannot make the folder file/store/echo: Not a directory");
}

/// The disk fills up while the run is written: files may have no more than some KiB here.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_cannot_be_kept_is_still_shown() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("trap '' XFSZ; ulimit -f 8; exec {} {ECHO}", env!("CARGO_BIN_EXE_glomers"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(&folder).output().unwrap();
    check(&output, "echo: valid", "history.edn: File too large");
    assert!(!folder.path().join("store/latest").exists(), "`latest` leads to a run that is not whole");
}
