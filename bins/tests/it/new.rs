//! The crate that `glomers new` makes for each workload builds, and its test names the functions still to write.
use glomers::catalogue::NODES;
use glomers_workbench::challenge::challenges;
use std::{
    collections::BTreeSet,
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
        // The settings with which `.ci/run` compiles the example.
        .envs([
            ("CARGO_PROFILE_DEV_DEBUG", "false"),
            ("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false"),
            ("CARGO_PROFILE_DEV_LTO", "off"),
        ])
        .output()
        .unwrap();
    let text = text(&output);
    assert!(!output.status.success() && !text.contains("warning:"), "{text}");
    for left in [
        "n0 did not get ready",
        "`topology` is not written yet",
        "`echo` is not written yet",
        "`txn` is not written yet",
    ] {
        assert!(text.contains(left), "{left}: {text}");
    }
    let failed = |test: &str| text.matches(&format!("test tests::{test}")).count();
    assert_eq!((failed("challenge_"), failed("a_simulated_run_is_valid")), (15, 4), "{text}");
}

/// Each dependency has the same features in `cargo build` as in `cargo test`, so neither builds again what the other
/// has built.
#[test]
fn build_and_test_share_their_dependencies() {
    let folder = empty_folder("new-features");
    assert!(glomers(&folder, &["new", "mine", "-w", "echo"]).status.success());
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/own-workload/Cargo.lock");
    fs::copy(lock, folder.join("mine/Cargo.lock")).unwrap();
    let tree = |edges: &str| -> BTreeSet<String> {
        let words = ["tree", "--offline", "--prefix", "none", "--format", "{p} {f}", "--edges", edges];
        let output = Command::new(env!("CARGO")).args(words).current_dir(folder.join("mine")).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output).lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
    };
    let (build, test) = (tree("no-dev"), tree("all"));
    assert!(build.len() > 10 && test.len() > build.len(), "{build:?}");
    assert_eq!(build.difference(&test).collect::<Vec<_>>(), Vec::<&String>::new(), "built twice");
}

#[test]
fn nothing_is_overwritten() {
    let folder = empty_folder("new-twice");
    assert!(glomers(&folder, &["new", "mine", "-w", "echo"]).status.success());
    let output = glomers(&folder, &["new", "mine", "-w", "kafka"]);
    assert_eq!(output.status.code(), Some(254));
    assert!(text(&output).contains("mine exists already"), "{}", text(&output));
    assert_eq!(glomers(&folder, &["new", "../mine", "-w", "kafka"]).status.code(), Some(254));
    assert!(fs::read_to_string(folder.join("mine/README.md")).unwrap().contains("-w echo --bin target/release/mine"));
}

/// A crate has what `cargo new` makes, is formatted, and its tests have the official arguments.
#[test]
fn a_crate_is_complete() {
    let folder = empty_folder("new-complete");
    let workloads: BTreeSet<_> = NODES.iter().map(|node| node.workload).collect();
    for workload in workloads {
        let name = format!("my-{workload}");
        assert!(glomers(&folder, &["new", &name, "-w", workload]).status.success());
        let read = |file: &str| fs::read_to_string(folder.join(&name).join(file)).unwrap();
        assert!(read(".gitignore").contains("/store") && read("README.md").contains(&format!("target/debug/{name}")));
        assert!(read("Cargo.toml").contains("glomers-protocol = { version = \"0.1.0\", path = "));
        let program = read("src/main.rs");
        for challenge in challenges().iter().filter(|challenge| challenge.workload == workload) {
            let line = format!("`maelstrom test -w {workload} {}`", challenge.options.arguments().join(" "));
            assert!(
                program.contains(&line) && program.contains(&format!("fn challenge_{}()", challenge.name)),
                "{program}"
            );
        }
        let main = folder.join(&name).join("src/main.rs");
        let formatted = Command::new("rustfmt").args(["--check", "--edition", "2024"]).arg(main).output().unwrap();
        assert!(formatted.status.success(), "{}", text(&formatted));
    }
}

#[test]
fn names_that_cargo_refuses_are_refused() {
    let folder = empty_folder("new-names");
    for name in ["test", "Mine", "my node", "std", "glomers-protocol"] {
        let output = glomers(&folder, &["new", name, "-w", "echo"]);
        assert_eq!(output.status.code(), Some(254), "{name}");
        assert!(text(&output).contains("such as my-node"), "{}", text(&output));
    }
}
