//! What the compiler says to a handler that was right before a change: `import/handler.rs`, built once against the code of
//! each case's imported schemas. `import/cases/NAME.errors` holds the errors and the lines they point at; it is empty where
//! nothing has to change.
//!
//! It runs Cargo once, in the workspace's own target folder, for all handlers. The first run compiles what a build script
//! needs, without the debugging information that the workspace's copy has: 45 s of processor time; a later one takes 6 s.
//!
//! The errors are those of the Rust version that the workspace is built with; `UPDATE_GOLDEN=1 cargo test -p
//! glomers-protocol-gen --test import_handlers` rewrites them.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

#[path = "import/cases.rs"]
mod cases;

use cases::{CASES, copy_of_base, golden};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

const MANIFEST: &str = r#"
[workspace]

[package]
name = "jars"
version = "0.0.0"
edition = "2024"

[dependencies]
glomers-protocol = { path = "ROOT/protocol" }
serde = { version = "1", features = ["derive"] }
"#;

#[test]
fn the_compiler_points_at_every_line_that_has_to_change() {
    let project = copy_of_base("jars");
    write_program(&project, "base", &project.join("schema"));
    for case in CASES {
        let folder = case.lay_out("built");
        glomers_protocol_gen::import(&folder.join("maelstrom"), &folder.join("schema")).unwrap();
        write_program(&project, case.name, &folder.join("schema"));
    }
    let errors = build(&project);
    assert_eq!(errors.get("base"), None, "the handler must be right before any change");
    let wrong: Vec<_> = CASES
        .iter()
        .filter_map(|case| golden(&format!("{}.errors", case.name), errors.get(case.name).map_or("", String::as_str)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A program with the handler and what the schemas compile to.
fn write_program(project: &Path, name: &str, schema: &Path) {
    let generated = project.join("generated").join(name);
    glomers_protocol_gen::write(&generated, &glomers_protocol_gen::generate(schema).unwrap()).unwrap();
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/handler.rs");
    let program = format!(
        "include!({:?});\n#[path = {handler:?}]\npub mod handler;\nfn main() {{ let _ = glomers_protocol::run::<handler::Jar>; }}\n",
        generated.join("mod.rs")
    );
    fs::create_dir_all(project.join("src/bin")).unwrap();
    fs::write(project.join("src/bin").join(name).with_extension("rs"), program).unwrap();
}

/// Builds every program and returns the errors of each.
fn build(project: &Path) -> BTreeMap<String, String> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = crate_root.parent().unwrap().display().to_string();
    fs::write(project.join("Cargo.toml"), MANIFEST.replace("ROOT", &root)).unwrap();
    fs::copy(crate_root.join("../Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["build", "--bins", "--keep-going", "--offline", "--message-format=json"])
        .current_dir(project)
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let mut errors = BTreeMap::new();
    let mut built = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let Some(name) = line["target"]["name"].as_str().map(str::to_owned) else { continue };
        built += usize::from(line["executable"].is_string());
        if line["message"]["level"] == "error"
            && line["message"]["spans"].as_array().is_some_and(|spans| !spans.is_empty())
        {
            *errors.entry(name).or_insert_with(String::new) += &tell(&line["message"]);
        }
    }
    assert_eq!(built + errors.len(), CASES.len() + 1, "cargo did not get as far as all programs");
    errors
}

/// The error and the line of the handler at which it stands.
fn tell(error: &Value) -> String {
    let span = error["spans"].as_array().unwrap().iter().find(|span| span["is_primary"] == true).unwrap();
    let file = Path::new(span["file_name"].as_str().unwrap()).file_name().unwrap().display().to_string();
    let code = error["code"]["code"].as_str().map_or_else(String::new, |code| format!("[{code}]"));
    let line = span["text"][0]["text"].as_str().unwrap_or_default().trim();
    format!("error{code}: {}\n  {file}:{}: {line}\n", error["message"].as_str().unwrap(), span["line_start"])
}
