//! What `glomers new` makes for each workload builds, and its test says what is left to do.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers::catalogue::NODES;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn glomers(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glomers")).args(words).current_dir(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// One crate with a program for each workload, so that what they need is built once.
#[test]
#[ignore = "builds what it needs for minutes; .ci/run has it do so after the example, which needs the same"]
fn every_workload_builds_and_says_what_is_left() {
    let folder = empty_folder("new");
    let mut workloads: Vec<_> = NODES.iter().map(|node| node.workload).collect();
    workloads.dedup();
    for workload in &workloads {
        let output = glomers(&folder, &["new", &format!("my-{workload}"), "-w", workload]);
        assert!(output.status.success(), "{}", text(&output));
    }
    let whole = folder.join("my-echo");
    fs::create_dir(whole.join("src/bin")).unwrap();
    for workload in workloads.iter().filter(|workload| **workload != "echo") {
        fs::copy(folder.join(format!("my-{workload}/src/main.rs")), whole.join(format!("src/bin/{workload}.rs")))
            .unwrap();
    }
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/own-workload/Cargo.lock"), whole.join("Cargo.lock"))
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--no-fail-fast"])
        .current_dir(&whole)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .output()
        .unwrap();
    let text = text(&output);
    assert!(!output.status.success() && !text.contains("warning:"), "{text}");
    for left in [
        "n1 did not get ready",
        "`topology` is not written yet",
        "`echo` is not written yet",
        "`txn` is not written yet",
    ] {
        assert!(text.contains(left), "{left}: {text}");
    }
    assert_eq!(text.matches("test tests::a_simulated_run_is_valid ... FAILED").count(), 10, "{text}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = empty_folder("new-twice");
    assert!(glomers(&folder, &["new", "mine", "-w", "echo"]).status.success());
    let output = glomers(&folder, &["new", "mine", "-w", "kafka"]);
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output).contains("mine is there already"), "{}", text(&output));
    assert_eq!(glomers(&folder, &["new", "../mine", "-w", "kafka"]).status.code(), Some(254));
    assert!(fs::read_to_string(folder.join("mine/src/main.rs")).unwrap().contains("-w echo --bin target/release/mine"));
}
