//! The documents: every link from one to a file of the repository leads to it, and the book's table of contents has
//! them all. What is not in the book is linked by its address, or the link would be dead in the book.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const ADDRESS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");

/// The documents of a folder and those below it.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| match path.extension() {
        Some(extension) if extension == "md" => vec![path],
        _ if path.is_dir() => documents(&path),
        _ => Vec::new(),
    };
    let mut documents: Vec<_> = paths.flat_map(below).collect();
    documents.sort();
    documents
}

/// The targets of a document's links to files.
fn links(document: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(document).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let file = |target: &str| match target.strip_prefix(ADDRESS) {
        Some(path) => Some(Path::new(ROOT).join(path)),
        None if target.is_empty() || target.contains("://") => None,
        None => Some(document.parent().unwrap().join(target)),
    };
    targets.filter_map(file).collect()
}

#[test]
fn links_lead_somewhere() {
    let root = Path::new(ROOT);
    let mut all = documents(&root.join("docs"));
    all.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    assert!(all.len() > 10);
    for document in all {
        for link in links(&document) {
            assert!(link.exists(), "{} links {}", document.display(), link.display());
        }
    }
}

#[test]
fn the_book_is_whole_without_the_repository() {
    let docs = Path::new(ROOT).join("docs");
    for document in documents(&docs) {
        let text = fs::read_to_string(&document).unwrap();
        let above = "../".repeat(document.strip_prefix(&docs).unwrap().components().count());
        assert!(!text.contains(&format!("]({above}")), "{} links what is not in the book", document.display());
    }
}

#[test]
fn the_book_has_every_document() {
    let docs = Path::new(ROOT).join("docs");
    let chapters = links(&docs.join("SUMMARY.md"));
    for document in documents(&docs).iter().filter(|document| !document.ends_with("SUMMARY.md")) {
        assert!(chapters.contains(document), "SUMMARY.md lacks {}", document.display());
    }
}
