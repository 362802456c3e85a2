//! The README shows the table of `glomers` as it is, and it fits a terminal of 80 columns.

use std::process::Command;

/// The most columns.
const WIDTH: usize = 80;

/// Challenges that take hardly any time.
const QUICK: [&str; 5] = ["1", "3a", "3b", "3c", "4"];

/// The table in the README.
fn table() -> Vec<&'static str> {
    let (_, table) = include_str!("../../../README.md").split_once("```text\n#   challenge ").unwrap();
    table.split_once("\n```").unwrap().0.lines().skip(1).collect()
}

#[test]
fn the_table_of_the_readme_is_what_comes_out() {
    let output = Command::new(env!("CARGO_BIN_EXE_glomers")).arg("challenge").args(QUICK).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<_> = text.lines().skip(1).map(words).collect();
    for number in QUICK {
        let is_its = |row: &&Vec<String>| row.first().is_some_and(|first| first == number);
        let quoted: Vec<_> = table().into_iter().map(words).collect();
        assert_eq!(rows.iter().find(is_its), quoted.iter().find(is_its), "{number}: {text}");
    }
    assert!(text.lines().last().unwrap().starts_with("5 of 5 passed in "), "{text}");
}

#[test]
fn the_table_fits_a_terminal() {
    let table = table();
    assert!(table.len() > 14 && table.iter().all(|line| line.chars().count() <= WIDTH), "{table:#?}");
}
