//! `--junit FILE`: what CI systems read of a run. The verdict in the file is that of the exit code.

use std::{fs, path::PathBuf, process::Command};

/// Runs a command in a fresh folder, and returns its exit code and its JUnit file.
fn run(words: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let words =
        words.replace("HISTORIES", concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/checkers/tests/histories"));
    let words = words.split_whitespace().chain(["--junit", "results.xml"]);
    let output = Command::new(env!("CARGO_BIN_EXE_glomers")).args(words).current_dir(&folder).output().unwrap();
    let file = fs::read_to_string(folder.path().join("results.xml")).unwrap();
    (output.status.code(), file)
}

#[test]
fn a_file_says_what_the_command_says() {
    let cases: &[(&str, i32, &[&str])] = &[
        (
            "test -w echo --time-limit 2 --node-count 1",
            0,
            &[
                "<testsuites name=\"glomers test\" tests=\"2\" failures=\"0\" errors=\"0\">\n<testsuite name=\"echo\"",
                "<testcase classname=\"glomers.test.echo\" name=\"workload\">\
                 <system-out>all guarantees hold</system-out></testcase>",
                "name=\"command\" value=\"glomers test -w echo ",
            ],
        ),
        (
            "test -w echo --time-limit 2 --node-count 1 --availability total --strict --test-count 2",
            0,
            &[
                "tests=\"8\"",
                "name=\"echo, seed 0\"",
                "name=\"echo, seed 1\"",
                "name=\"availability\"",
                "name=\"strict\"",
            ],
        ),
        ("challenge 1 3a", 0, &["tests=\"4\"", "name=\"1\"", "classname=\"glomers.challenge.3a\""]),
        (
            "check -w kafka HISTORIES/kafka-false-lost",
            1,
            &["failures=\"1\"", "lost-write: A message was not polled", "again: glomers check -w kafka "],
        ),
        (
            "check -w broadcast HISTORIES/no-such-run",
            254,
            &["errors=\"1\"", "name=\"command\"><error message=\"there is no run in "],
        ),
        ("soak echo --seeds 3", 0, &["tests=\"1\"", "3 of 3 tests were run: 0 invalid, 0 undecided"]),
    ];
    for (words, code, parts) in cases {
        let (found, file) = run(words);
        assert_eq!(found, Some(*code), "{words}: {file}");
        assert!(file.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{file}");
        for part in *parts {
            assert!(file.contains(part), "{words}: no {part} in\n{file}");
        }
    }
}

/// A history may hold what XML must not.
#[test]
fn values_of_nodes_are_text_that_xml_allows() {
    let folder = tempfile::tempdir().unwrap();
    let history: PathBuf = folder.path().join("history.jsonl");
    let line = |kind: &str, value: &str| format!(r#"{{"process":0,"type":"{kind}","f":"echo","value":{value}}}"#);
    let hostile = r#""</failure>&amp;\u0000\ufffe""#;
    fs::write(&history, [line("invoke", "1"), line("ok", hostile)].join("\n")).unwrap();
    let (code, file) = run(&format!("check -w echo {}", history.display()));
    assert_eq!(code, Some(1), "{file}");
    assert!(file.contains("&lt;/failure&gt;&amp;amp;"), "{file}");
    assert_eq!(file.matches("</failure>").count(), 1, "{file}");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["soak", "echo", "--seeds", "1", "--junit", "no/such/folder/results.xml"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("cannot write no/such/folder/results.xml"), "{text}");
    assert_eq!(output.status.code(), Some(255));
}
