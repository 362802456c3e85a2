//! `docs/own-workload.md` quotes this crate word for word and quotes every file.

use std::{collections::BTreeSet, fs, path::Path};

/// The quotes: the file's name, which follows the block's language, and the text.
fn quotes() -> Vec<(&'static str, String)> {
    let mut quotes = Vec::new();
    let mut lines = include_str!("../../../docs/own-workload.md").lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        quotes.extend(info.split_once(' ').map(|(_, file)| (file, text)));
    }
    quotes
}

#[test]
fn every_quote_is_part_of_its_file() {
    for (file, quote) in quotes() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(text.contains(&quote), "{file} does not have:\n\n{quote}");
    }
}

#[test]
fn every_file_is_quoted() {
    let quoted: BTreeSet<_> = quotes().into_iter().map(|(file, _)| file.to_owned()).collect();
    for folder in ["src", "src/bin", "tests"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let file = format!("{folder}/{name}");
            let is_left_out = !name.ends_with(".rs") || file == "tests/walk_through.rs";
            assert!(is_left_out || quoted.contains(&file), "nothing is quoted of {file}");
        }
    }
}
