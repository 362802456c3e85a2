//! `protocol/generated/` is a readable copy of what the build script compiles into `OUT_DIR`: the same files, byte for
//! byte, so that a change of a schema shows up as a change of Rust.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const COMMAND: &str = "run `cargo run -p glomers-protocol-gen -- generate schema --out protocol/generated`";

#[test]
fn the_committed_copy_is_what_the_schemas_give() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut committed = BTreeMap::new();
    read_below(&crate_root.join("generated"), Path::new(""), &mut committed);
    let sources = glomers_protocol_gen::generate(&crate_root.join("schema")).unwrap();
    for source in &sources {
        let shown = source.path.display();
        let compiled = fs::read_to_string(Path::new(env!("OUT_DIR")).join(&source.path)).unwrap();
        assert!(compiled == source.text, "OUT_DIR/{shown} is not what the build script writes");
        let copy = committed.remove(&source.path);
        assert!(copy.as_ref() == Some(&source.text), "generated/{shown} is missing or out of date: {COMMAND}");
    }
    assert!(committed.is_empty(), "no schema gives {:?}: remove them and {COMMAND}", committed.keys());
    assert!(sources.len() > 10, "{} sources", sources.len());
}

/// Reads all files of `root/folder` and of the folders in it.
fn read_below(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            read_below(root, &path, files);
        } else {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
}
