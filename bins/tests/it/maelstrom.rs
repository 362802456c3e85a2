//! `glomers challenge --maelstrom`, with a stand-in that keeps a recorded run as its own.
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// A folder with a launcher that notes its arguments, keeps a recorded run and ends with this code.
fn stand_in(name: &str, recorded: &str, code: u8) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let histories = concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/checkers/tests/histories");
    let script = format!(
        "#!/bin/sh\nprintf '%s ' \"$@\" > arguments\nmkdir -p store/run\ncp {histories}/{recorded}/* store/run\n\
         ln -sfn run store/latest\necho done\nexit {code}\n"
    );
    fs::write(folder.join("maelstrom"), script).unwrap();
    fs::set_permissions(folder.join("maelstrom"), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs a challenge in a folder; the exit code, and everything that was printed.
fn challenge(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .arg("challenge")
        .args(words)
        .arg("--maelstrom")
        .arg(folder)
        .current_dir(folder.parent().unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[test]
fn verdicts_and_figures_are_those_of_maelstrom() {
    let folder = stand_in("valid", "echo-true-0", 0);
    let (code, text) = challenge(&folder, &["1"]);
    assert_eq!(code, 0, "{text}");
    let row = text.lines().find(|line| line.contains("Echo")).unwrap();
    assert!(row.contains("valid") && row.contains("48"), "{text}");
    let arguments = folder.parent().unwrap().join("store/maelstrom/1/arguments");
    let arguments = fs::read_to_string(arguments).unwrap();
    assert!(arguments.starts_with("test -w echo --bin /"), "{arguments}");
    assert!(arguments.ends_with("/echo --node-count 1 --time-limit 10 "), "{arguments}");
}

#[test]
fn an_invalid_run_is_1_and_a_crash_none() {
    let (code, text) = challenge(&stand_in("invalid", "kafka-false-lost", 1), &["5a"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("lost-write") && text.contains("  again         glomers challenge 5a --maelstrom "),
        "{text}"
    );
    let (code, text) = challenge(&stand_in("crash", "echo-true-0", 255), &["6c"]);
    assert_eq!(code, 255, "{text}");
    assert!(text.contains("challenge 6c: Maelstrom came to no verdict"), "{text}");
}

#[test]
fn what_is_missing_is_said() {
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nowhere");
    let (code, text) = challenge(&nowhere, &["1"]);
    assert_eq!(code, 254, "{text}");
    assert!(text.contains("there is no `maelstrom` in ") && text.contains("/releases"), "{text}");
    let folder = stand_in("bare", "echo-true-0", 0);
    fs::create_dir(folder.join("lib")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["challenge", "1", "--maelstrom"])
        .arg(&folder)
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("cannot run `java`: Maelstrom needs Java 11"), "{text}");
}
