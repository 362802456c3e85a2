//! The errors of the compiler in a handler that was right before a change of the schemas. `import/handler.rs` is
//! checked against the code of each case's imported schemas. `import/cases/NAME.errors` has the errors and the lines
//! that they point at; it is empty if the handler needs no change.
//!
//! The test calls rustc with the libraries that Cargo has built for this program. A Cargo project would compile all
//! dependencies again, which took 160 s beside other work.
//!
//! The errors are those of the Rust version that the workspace is built with. After an update of Rust or of the
//! generated code, `UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test it import_handlers` rewrites them; read
//! the diff.

use crate::cases::{CASES, Case, base, copy_of_base, golden};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

#[test]
fn the_compiler_points_at_every_line_that_has_to_change() {
    let project = copy_of_base("handlers");
    let libraries = Libraries::find(&project);
    let unchanged = libraries.check(&write_program(&project, "base", &base().join("schema")));
    assert_eq!(unchanged, "", "the handler must be right before any change");

    let check = |case: &Case| {
        let folder = case.lay_out("checked");
        glomers_protocol_gen::import(&folder.join("maelstrom"), &folder.join("schema")).unwrap();
        let errors = libraries.check(&write_program(&project, case.name, &folder.join("schema")));
        golden(&format!("{}.errors", case.name), &errors)
    };
    let (one, other) = CASES.split_at(CASES.len() / 2);
    let check_all = |cases: &[Case]| cases.iter().filter_map(check).collect::<Vec<_>>();
    let wrong = thread::scope(|scope| {
        let other = scope.spawn(|| check_all(other));
        [check_all(one), other.join().unwrap()].concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes a program with the handler and the code of the schemas.
fn write_program(project: &Path, name: &str, schema: &Path) -> PathBuf {
    let generated = project.join(name);
    glomers_protocol_gen::write(&generated, &glomers_protocol_gen::generate(schema).unwrap()).unwrap();
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/handler.rs");
    let program = generated.join("main.rs");
    let text = format!(
        "include!({:?});\n#[path = {handler:?}]\npub mod handler;\nfn main() {{ let _ = glomers_protocol::run::<handler::Jar>; }}\n",
        generated.join("mod.rs")
    );
    fs::write(&program, text).unwrap();
    program
}

/// The libraries that the programs need, as built for this test.
struct Libraries {
    protocol: PathBuf,
    serde: PathBuf,
}

impl Libraries {
    /// The newest libraries that fit together. Builds with other features leave other copies in the same folder.
    fn find(project: &Path) -> Self {
        let probe = project.join("probe.rs");
        let text = "fn fits<T: serde::Serialize>() {}\nfn main() { fits::<glomers_protocol::Json>() }\n";
        fs::write(&probe, text).unwrap();
        let (protocols, serdes) = (newest_first("libglomers_protocol-"), newest_first("libserde-"));
        let pairs = protocols.iter().flat_map(|protocol| serdes.iter().map(move |serde| (protocol, serde)));
        let mut pairs = pairs.map(|(protocol, serde)| Self { protocol: protocol.clone(), serde: serde.clone() });
        pairs.find(|libraries| libraries.check(&probe).is_empty()).expect("this program was built with two of them")
    }

    /// The errors of the compiler in a program.
    fn check(&self, program: &Path) -> String {
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--error-format=json", "--out-dir"])
            .arg(program.parent().unwrap())
            .arg("-L")
            .arg(format!("dependency={}", libraries().display()))
            .arg("--extern")
            .arg(format!("glomers_protocol={}", self.protocol.display()))
            .arg("--extern")
            .arg(format!("serde={}", self.serde.display()))
            .arg(program)
            .output()
            .unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        let messages = messages.lines().map(|line| serde_json::from_str(line).unwrap());
        let errors: String =
            messages.filter(|message: &Value| message["level"] == "error").map(|e| shown(&e)).collect();
        assert_eq!(output.status.success(), errors.is_empty(), "{errors}");
        errors
    }
}

/// The folder of this program, in which Cargo keeps the libraries too.
fn libraries() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The libraries whose file name begins like this.
fn newest_first(prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(libraries()).unwrap().map(|entry| entry.unwrap());
    let found = entries.filter(|entry| {
        let name = entry.file_name().into_string().unwrap_or_default();
        name.starts_with(prefix) && name.ends_with(".rlib")
    });
    let mut found: Vec<_> = found.map(|entry| (entry.metadata().unwrap().modified().unwrap(), entry.path())).collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// An error and the line at which it points; empty for the summary after the last error, which points at none.
fn shown(error: &Value) -> String {
    let Some(span) = error["spans"].as_array().unwrap().iter().find(|span| span["is_primary"] == true) else {
        return match error["message"].as_str().unwrap() {
            summary if summary.starts_with("aborting due to") => String::new(),
            message => format!("error: {message}\n"),
        };
    };
    let file = Path::new(span["file_name"].as_str().unwrap()).file_name().unwrap().display().to_string();
    let code = error["code"]["code"].as_str().map_or_else(String::new, |code| format!("[{code}]"));
    let line = span["text"][0]["text"].as_str().unwrap_or_default().trim();
    format!("error{code}: {}\n  {file}:{}: {line}\n", error["message"].as_str().unwrap(), span["line_start"])
}
