//! The documents: every link from one to a file of the repository leads to it, and the book's table of contents has them
//! all.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

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

/// Where a document's links to files lead.
fn links(document: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(document).unwrap();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let files = targets.filter(|target| !target.is_empty() && !target.contains("://"));
    files.map(|target| document.parent().unwrap().join(target)).collect()
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
fn the_book_has_every_document() {
    let docs = Path::new(ROOT).join("docs");
    let chapters = links(&docs.join("SUMMARY.md"));
    for document in documents(&docs).iter().filter(|document| !document.ends_with("SUMMARY.md")) {
        assert!(chapters.contains(document), "SUMMARY.md lacks {}", document.display());
    }
}
