//! Schemas beside the code that they become, one idea a file: `golden/NAME.json` and `golden/NAME.rs`, compared byte for
//! byte. `compiled.rs` shows that the code works; it is a test of its own, so that code which does not can be rewritten.
//!
//! After a deliberate change, `UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test golden` rewrites the code; read
//! the diff.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Compares `text` with the file, or rewrites the file if asked to.
fn check(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, text).expect("the test folder is writable");
    }
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        panic!(
            "{} is not what the generator writes today. If the change is right, rewrite it:\n    \
             UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test golden\n\n{text}",
            path.display()
        );
    }
}

#[test]
fn schemas_become_the_code_beside_them() {
    let files = fs::read_dir(golden()).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let schemas: Vec<_> = files.filter(|file| file.extension().is_some_and(|kind| kind == "json")).collect();
    assert!(!schemas.is_empty());
    for schema in schemas {
        let name = schema.file_name().expect("a file has a name").to_string_lossy();
        let code = glomers_protocol_gen::generate_workload(&name, &fs::read_to_string(&schema).expect("readable"));
        check(&schema.with_extension("rs"), &code.unwrap_or_else(|error| panic!("{error}")));
    }
}

#[test]
fn a_folder_becomes_modules() {
    let folder = golden().join("folder");
    let sources = glomers_protocol_gen::generate(&folder).unwrap_or_else(|error| panic!("{error}"));
    let paths: Vec<_> = sources.iter().map(|source| source.path.display().to_string()).collect();
    assert_eq!(paths, ["oops.rs", "knock_knock.rs", "services/clock.rs", "mod.rs"]);
    for source in sources {
        check(&folder.join(&source.path), &source.text);
    }
}
