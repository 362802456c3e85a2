//! The commands: their output, the files they write, and their exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/folder");

const JAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/base");

fn run(arguments: &[&str]) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_glomers-protocol-gen")).args(arguments).output();
    command.expect("the command runs")
}

fn generate(arguments: &[&str]) -> Output {
    run(&[&["generate"], arguments].concat())
}

/// An empty folder for one test.
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

/// Exit code 2 and one line on stderr, nothing on stdout.
fn check_failure(arguments: &[&str], error: &str) {
    let output = generate(arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("error: {error}\n"));
}

#[test]
fn a_missing_folder_is_an_error() {
    let missing = scratch("missing").display().to_string();
    check_failure(&[&missing], &format!("cannot read {missing}: No such file or directory (os error 2)"));
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
        "workloads/oops.json#: another schema file already becomes `oops.rs`; rename one of the two",
    );
}

#[test]
fn the_exit_code_of_check_distinguishes_equal_different_and_error() {
    let schema = scratch("checked");
    let shown = schema.display().to_string();
    fs::create_dir_all(schema.join("workloads")).expect("the scratch folder is writable");
    for file in ["errors.json", "workloads/jar.json", "workloads/bell.json"] {
        fs::copy(Path::new(JAR).join("schema").join(file), schema.join(file)).expect("writable");
    }
    let check = |maelstrom: &str| {
        let output = run(&["check", maelstrom, "--schema", &shown]);
        let code = output.status.code();
        let [output, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        (code, output, error)
    };
    assert_eq!(check(JAR), (Some(0), String::new(), String::new()));

    fs::remove_file(schema.join("workloads/bell.json")).expect("writable");
    let difference = "workload bell is new, with request `ring`\n".to_owned();
    assert_eq!(check(JAR), (Some(1), difference.clone(), String::new()));
    let output = run(&["import", JAR, "--schema", &shown]);
    assert_eq!((output.status.code(), String::from_utf8(output.stdout)), (Some(0), Ok(difference)));
    assert_eq!(check(JAR), (Some(0), String::new(), String::new()));

    let error = format!("error: cannot read {FOLDER}/doc/workloads.md: No such file or directory (os error 2)\n");
    assert_eq!(check(FOLDER), (Some(2), String::new(), error.clone()));
    let output = run(&["import", FOLDER, "--schema", &shown]);
    assert_eq!((output.status.code(), String::from_utf8(output.stderr)), (Some(2), Ok(error)));
}
