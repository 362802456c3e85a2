//! The nodes' own texts: all binaries are in the catalogue, and help goes to stdout only on request.

use glomers::catalogue::{NODES, Node};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Runs a node with these arguments; returns its exit code and what it wrote to stdout and to stderr.
fn run(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let path = Path::new(env!("CARGO_BIN_EXE_glomers")).with_file_name(name);
    let output = Command::new(path).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_binary_is_in_the_catalogue() {
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin")).unwrap();
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let binaries: BTreeSet<_> = files.map(|file| stem(&file.unwrap().path())).collect();
    assert_eq!(binaries, NODES.iter().map(|node| node.name.to_owned()).collect());
}

#[test]
fn help_says_what_a_node_is_and_how_to_test_it() {
    for Node { name, about, .. } in NODES {
        let (code, stdout, stderr) = run(name, &["--help"]);
        assert_eq!((code, &*stderr), (Some(0), ""), "{name}");
        assert!(stdout.starts_with("A node for ") && stdout.contains(about), "{stdout}");
        for line in Node::find(name).unwrap().lines() {
            assert!(line.contains(&format!("--bin target/release/{name} ")) && stdout.contains(&line), "{stdout}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for Node { name, .. } in NODES {
        let expected = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(run(name, &["--version"]), (Some(0), expected, String::new()));
    }
}

#[test]
fn unknown_arguments_are_2_and_leave_stdout_alone() {
    for Node { name, .. } in NODES {
        for argument in ["--frobnicate", "frobnicate"] {
            let (code, stdout, stderr) = run(name, &[argument]);
            assert_eq!((code, &*stdout), (Some(2), ""), "{name}");
            assert!(stderr.contains(argument), "{stderr}");
        }
        assert_eq!(run(name, &[]), (Some(0), String::new(), String::new()));
    }
}

#[test]
fn the_book_has_the_catalogues_lines() {
    let chapter = include_str!("../../../docs/real-maelstrom.md");
    let known: Vec<String> = NODES.iter().flat_map(Node::lines).collect();
    let lines: Vec<_> = chapter.lines().filter(|line| line.starts_with("./maelstrom test")).collect();
    assert!(lines.len() > 5);
    for line in lines {
        assert!(known.iter().any(|known| known == line), "{line}");
    }
}
