//! `action.yml`, as a runner of GitHub executes it: the step that runs `glomers` with the words of its input, and passes
//! the exit code on.

use std::{env, fs, os::unix::fs::symlink, path::Path, process::Command};

const ACTION: &str = include_str!("../../../action.yml");
const DOCUMENT: &str = include_str!("../../../docs/ci.md");

/// The script of the step with this id.
fn script(id: &str) -> String {
    let (_, step) = ACTION.split_once(&format!("- id: {id}\n")).unwrap();
    let (_, script) = step.split_once("run: |\n").unwrap();
    let lines = script.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
    lines.map(|line| line.trim_start_matches("        ").to_owned() + "\n").collect()
}

/// Runs the step with these `args` in a folder, and returns the exit code, the JUnit file and the summary.
fn run(folder: &Path, args: &str) -> (Option<i32>, String, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_glomers")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap());
    let file = |name: &str| folder.join(name);
    let output = Command::new("bash")
        .args(["-c", &script("run")])
        .current_dir(folder)
        .envs([("PATH", path), ("ARGS", args.to_owned())])
        .envs([("RUNNER_TEMP", folder.to_owned()), ("GITHUB_OUTPUT", file("output"))])
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .output()
        .unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let outputs = read(&file("output"));
    let junit = outputs.trim_end().strip_prefix("junit=").unwrap_or_else(|| panic!("{output:?}"));
    (output.status.code(), read(Path::new(junit)), read(&file("summary")))
}

#[test]
fn the_job_in_the_documents_runs() {
    let folder = tempfile::tempdir().unwrap();
    symlink(env!("CARGO_BIN_EXE_broadcast"), folder.path().join("node")).unwrap();
    let args = DOCUMENT.lines().find_map(|line| line.trim_start().strip_prefix("args: ")).unwrap();
    let (code, junit, summary) = run(folder.path(), &args.replace("--time-limit 20", "--time-limit 1 --rate 50"));
    assert_eq!(code, Some(0), "{summary}");
    assert!(junit.contains("<testsuite name=\"broadcast\""), "{junit}");
    assert!(summary.starts_with("```text\n") && summary.contains("broadcast"), "{summary}");
}

#[test]
fn words_are_split_and_not_expanded_and_the_exit_code_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let (code, junit, _) = run(folder.path(), "check -w 'broad''cast' \"$(touch taken) x\"");
    assert_eq!(code, Some(254));
    assert!(junit.contains("$(touch taken) x"), "{junit}");
    assert!(!folder.path().join("taken").exists());
}
