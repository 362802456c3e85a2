//! Schemas beside the code that they become, one idea per file: `golden/NAME.json` and `golden/NAME.rs`, compared byte for
//! byte. `tests/compiled.rs` compiles the code and runs its tests.
//!
//! After a deliberate change, `UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test it golden` rewrites the code; read
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
            "{} differs from the output of the generator. If the change is right, rewrite the file:\n    \
             UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test it golden\n\n{text}",
            path.display()
        );
    }
}

#[test]
fn schemas_become_the_code_beside_them() {
    let files = fs::read_dir(golden()).expect("the folder exists").map(|entry| entry.expect("readable").path());
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
