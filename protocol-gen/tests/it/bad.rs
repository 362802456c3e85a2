//! Mistakes in schemas, one per file: `bad/NAME.json` beside the exact error, `bad/NAME.txt`. The reader of the error
//! is looking at JSON, so every error names the file and a JSON pointer.
//!
//! `UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test it bad` rewrites the errors; read the diff.

use std::{fs, path::Path};

#[test]
fn each_mistake_is_named_with_file_and_pointer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let files = fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("readable").path());
    let mut schemas: Vec<_> = files.filter(|file| file.extension().is_some_and(|kind| kind == "json")).collect();
    schemas.sort();
    assert!(schemas.len() > 50, "only {} schemas found", schemas.len());
    let wrong: Vec<_> = schemas.iter().filter_map(|schema| check(schema)).collect();
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 rewrites the .txt files.", wrong.join("\n"));
}

/// The difference between the expected and the actual error, if there is one.
fn check(schema: &Path) -> Option<String> {
    let file = schema.file_name().expect("a file has a name").display().to_string();
    let text = fs::read_to_string(schema).expect("the schema is readable");
    let Err(error) = glomers_protocol_gen::generate_workload(&file, &text) else {
        return Some(format!("{file}: was accepted"));
    };
    let actual = format!("{}\n", error.with_causes());
    let beside = schema.with_extension("txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&beside, &actual).expect("the test folder is writable");
    }
    let expected = fs::read_to_string(&beside).unwrap_or_default();
    (actual != expected).then(|| format!("{file}:\n  expected {expected}  found    {actual}"))
}
