//! The command `generate`: what it prints, what it writes, and how it fails.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/folder");

fn generate(arguments: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_glomers-protocol-gen")).arg("generate").args(arguments).output();
    command.expect("the command runs")
}

/// A folder of this test's own, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn prints_every_file_under_its_name() {
    let output = generate(&[FOLDER]);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let printed: String = ["oops.rs", "knock_knock.rs", "services/clock.rs", "mod.rs"]
        .iter()
        .map(|path| {
            format!("// {path}\n{}\n", fs::read_to_string(Path::new(FOLDER).join(path)).expect("a golden file"))
        })
        .collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed);
}

#[test]
fn writes_every_file_below_the_folder() {
    let out = scratch("written");
    let output = generate(&[FOLDER, "--out", out.to_str().expect("UTF-8")]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    for path in ["oops.rs", "knock_knock.rs", "services/clock.rs", "mod.rs"] {
        let [written, golden] = [&out, Path::new(FOLDER)].map(|folder| fs::read(folder.join(path)).ok());
        assert!(written.is_some() && written == golden, "{path}");
    }
}

/// Exit code 1 and one line on stderr, nothing on stdout.
fn check_failure(arguments: &[&str], complaint: &str) {
    let output = generate(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("error: {complaint}\n"));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let missing = scratch("missing").display().to_string();
    check_failure(&[&missing], &format!("{missing}: No such file or directory (os error 2)"));
}

#[test]
fn a_bad_schema_is_named_and_nothing_is_written() {
    let (schema, out) = (scratch("bad-schema"), scratch("bad-out"));
    fs::create_dir_all(schema.join("services")).expect("the scratch folder is writable");
    fs::write(schema.join("services/clock.json"), r#"{"oneOf": [], "definitions": {}}"#).expect("writable");
    let arguments = [schema.to_str().expect("UTF-8"), "--out", out.to_str().expect("UTF-8")];
    check_failure(&arguments, "services/clock.json#: `title` is missing");
    assert!(!out.exists());
}

#[test]
fn two_files_for_one_module_are_an_error() {
    let schema = scratch("twins");
    fs::create_dir_all(schema.join("workloads")).expect("the scratch folder is writable");
    for (from, to) in [("oops.json", "oops.json"), ("workloads/knock-knock.json", "workloads/oops.json")] {
        fs::copy(Path::new(FOLDER).join(from), schema.join(to)).expect("writable");
    }
    check_failure(
        &[schema.to_str().expect("UTF-8")],
        "workloads/oops.json#: `oops.rs` already comes from another file",
    );
}
