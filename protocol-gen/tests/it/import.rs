//! The output of `check` and the files that `import` writes, for one change to Maelstrom's documents per case. The
//! documents are our own and have the form of Maelstrom's. `import/cases/NAME.diff` shows the change, the output, and
//! the change to the schemas.
//!
//! `UPDATE_GOLDEN=1 cargo test -p glomers-protocol-gen --test it import::` rewrites them; read the diff.

use crate::cases::{CASES, base, copy, copy_of_base, files, golden};
use glomers_protocol_gen::{check, import};
use similar::TextDiff;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn each_change_is_printed_and_written() {
    let wrong: Vec<_> = CASES
        .iter()
        .filter_map(|case| {
            let folder = case.lay_out("imported");
            golden(&format!("{}.diff", case.name), &follow(&folder))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks and imports, and returns the output and the changes. After the import no difference remains.
fn follow(folder: &Path) -> String {
    let [maelstrom, schema] = ["maelstrom", "schema"].map(|name| folder.join(name));
    let mut text = differing(&files(&base().join("doc")), &files(&maelstrom.join("doc")));
    let before = files(&schema);
    let said = lines(&check(&maelstrom, &schema).unwrap());
    assert_eq!(files(&schema), before, "check wrote something");
    write!(text, "\n$ glomers-protocol-gen check\n{said}").unwrap();
    assert_eq!(lines(&import(&maelstrom, &schema).unwrap()), said);
    let after = files(&schema);
    write!(text, "\n$ glomers-protocol-gen import\n{}", differing(&before, &after)).unwrap();
    assert_eq!(lines(&check(&maelstrom, &schema).unwrap()), "");
    import(&maelstrom, &schema).unwrap();
    assert_eq!(files(&schema), after, "a second import wrote something");
    check_examples(&after);
    text
}

fn lines(differences: &[glomers_protocol_gen::Difference]) -> String {
    differences.iter().map(|difference| format!("{difference}\n")).collect()
}

/// The files that differ, as diffs.
fn differing(before: &[(PathBuf, String)], after: &[(PathBuf, String)]) -> String {
    let [before, after] = [before, after].map(|files| files.iter().cloned().collect::<BTreeMap<_, _>>());
    let mut text = String::new();
    for path in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let [old, new] = [&before, &after].map(|files| files.get(path).map_or("", String::as_str));
        let name = |text: &str| if text.is_empty() { "/dev/null".to_owned() } else { path.display().to_string() };
        let diff = TextDiff::from_lines(old, new);
        write!(text, "{}", diff.unified_diff().context_radius(2).header(&name(old), &name(new))).unwrap();
    }
    text
}

/// Checks that every example has the required fields of its message and no unknown ones.
fn check_examples(schemas: &[(PathBuf, String)]) {
    for (path, text) in schemas {
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        for message in schema["definitions"].as_object().unwrap().values() {
            for example in message["examples"].as_array().into_iter().flatten() {
                let missing = message["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap());
                let missing: Vec<_> = missing.filter(|key| example.get(key).is_none()).collect();
                let unknown =
                    example.as_object().unwrap().keys().filter(|key| message["properties"].get(key).is_none());
                let unknown: Vec<_> = unknown.collect();
                assert!(
                    missing.is_empty() && unknown.is_empty(),
                    "{}: {example}: {missing:?} {unknown:?}",
                    path.display()
                );
            }
        }
    }
}

/// Forms in place of `Int` in the base, and other damage to the documents, with the error of each.
#[test]
fn unsupported_forms_are_named_with_file_and_line() {
    let forms = [
        "Num",
        "Inst",
        "java.util.UUID",
        "(recursive jar)",
        "(constrained Int pos?)",
        "(eq 7)",
        "(eq nil)",
        "(enum 1 2)",
        "(either Int Str)",
        "(either [Int] (eq nil) Str)",
        "(maybe (enum \"a\" \"b\"))",
        "(either [(one (eq \"a\") \"f\")] [(one Int \"f\")])",
        "[]",
        "[Int Str]",
        "[(one Int \"a\") Str]",
        "[(optional Int \"a\")]",
        "[#schema.core.One{:schema Int, :optional? true, :name \"a\"}]",
        "[(one (eq nil) \"a\")]",
        "{Int Str}",
        "{:a Int, Str Int}",
        "{Str\n  (fn [x] x)}",
        "#{Int}",
        "\"a\"",
        "Int :key/word Int",
        "Int, :type Int",
        "Int, :in_reply_to Int",
        "Int, Str Any",
        "Int)",
        "Int} {",
    ];
    let damage = [
        ("doc/workloads.md", ":msg_id Int}", "#schema.core.OptionalKey{:k :msg_id} Int}"),
        ("doc/workloads.md", ", :msg_id Int}", "}"),
        ("doc/workloads.md", ",\n :in_reply_to Int}", "}"),
        ("doc/workloads.md", "{:type (eq \"put\"), ", "{"),
        ("doc/workloads.md", "(eq \"put\")", "Str"),
        ("doc/workloads.md", "(eq \"put_ok\")", "(eq \"put\")"),
        ("doc/workloads.md", "(eq \"look_ok\")", "(eq \"\")"),
        ("doc/workloads.md", "{:type (eq \"look\"), :msg_id Int}", "[Int]"),
        ("doc/workloads.md", "{:type (eq \"look\"), :msg_id Int}", ""),
        ("doc/workloads.md", "Response:\n\n```clj", "Answer:\n\n```clj"),
        ("doc/workloads.md", "## Workload: Jar", "## Jar"),
        ("doc/workloads.md", "## Workload: Jar", "## Workload: ../jar"),
        ("doc/workloads.md", "### RPC: Look", "### Look"),
        ("doc/workloads.md", "RPC", "Call"),
        ("doc/protocol.md", "| 20 |", "| twenty |"),
        ("doc/protocol.md", "✓", "yes"),
        ("doc/protocol.md", "| 20 |", "| 0 |"),
        ("doc/protocol.md", "| Code |", "| Number |"),
    ];
    let forms = forms.map(|form| ("doc/workloads.md", ":count Int", format!(":count {form}")));
    let damage = damage.map(|(document, from, to)| (document, from, to.to_owned()));
    let mut errors = String::new();
    for (document, from, to) in forms.into_iter().chain(damage) {
        let folder = copy_of_base("damaged");
        let [maelstrom, schema] = ["maelstrom", "schema"].map(|name| folder.join(name));
        // A supported difference comes first. It must not be written either.
        let path = maelstrom.join(document);
        let text = fs::read_to_string(&path).unwrap().replacen("\"look_ok\"", "\"contents\"", 1);
        let times = if from == "RPC" { usize::MAX } else { 1 };
        fs::write(&path, text.replacen(from, &to, times)).unwrap();
        let Err(error) = check(&maelstrom, &schema) else { panic!("imported: {from} -> {to}") };
        let said = error.with_causes().to_string();
        assert_eq!(import(&maelstrom, &schema).unwrap_err().with_causes().to_string(), said);
        assert_eq!(files(&schema), files(&base().join("schema")), "something was written: {to}");
        let said = said.replace(&format!("{}/", maelstrom.display()), "");
        writeln!(errors, "{from} -> {}\n    {said}", to.replace('\n', "\\n")).unwrap();
    }
    let wrong = golden("not_understood.txt", &errors);
    assert!(wrong.is_none(), "{wrong:?}");
}

#[test]
fn inexpressible_changes_are_not_written() {
    let names = ":sweet Any, :Sweet Any, :x Any";
    let error = "nothing was written, because the new schema does not compile: \
                     workloads/jar.json#/definitions/Put/properties/sweet: a second `sweet`: \
                     two names in the schema become the same name in Rust";
    check_refusal("refused", |_| {}, (":sweet Any", names), error);

    let rename =
        |schema: &Path| fs::rename(schema.join("workloads/jar.json"), schema.join("workloads/drum.json")).unwrap();
    let error = "workloads/drum.json#: the file exists, but the new workload `drum` needs its name; rename the file";
    check_refusal("refused", rename, ("## Workload: Jar", "## Workload: Drum"), error);

    let remove = |schema: &Path| fs::remove_file(schema.join("errors.json")).unwrap();
    let error = "schema#: no file defines error codes; expected a `oneOf` of alternatives with an integer `const`";
    check_refusal("refused", remove, (":count Int", ":count Str"), error);
}

#[test]
fn a_failed_write_changes_nothing() {
    // A folder has the temporary name of the second of two files.
    let block = |schema: &Path| {
        fs::remove_file(schema.join("workloads/bell.json")).unwrap();
        fs::create_dir(schema.join("workloads/jar.json.new")).unwrap();
    };
    let error = "cannot write workloads/jar.json.new: Is a directory (os error 21)";
    check_refusal("failed-write", block, (":count Int", ":count Str"), error);
}

/// Prepares a schema folder of this test, changes the document, and expects an import to fail and to change nothing.
fn check_refusal(test: &str, prepare: impl Fn(&Path), (from, to): (&str, &str), error: &str) {
    let folder = copy_of_base(test);
    let [maelstrom, schema] = ["maelstrom", "schema"].map(|name| folder.join(name));
    prepare(&schema);
    let path = maelstrom.join("doc/workloads.md");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen(from, to, 1)).unwrap();
    let before = files(&schema);
    let said = import(&maelstrom, &schema).unwrap_err().with_causes().to_string();
    assert_eq!(said.replace(&format!("{}/", schema.display()), ""), error);
    assert_eq!(files(&schema), before);
}

/// `whole/` describes the whole current protocol of Maelstrom, with its types and in its form, in our own text.
#[test]
fn the_schemas_agree_with_maelstrom() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = copy_of_base("whole").join("schema");
    fs::remove_dir_all(&schema).unwrap();
    copy(&root.join("../schema"), &schema);
    let before = files(&schema);
    let whole = root.join("tests/import/whole");
    assert_eq!(lines(&check(&whole, &schema).unwrap()), "");
    import(&whole, &schema).unwrap();
    assert_eq!(files(&schema), before);
    assert!(before.len() > 10);
}

/// Imports every workload and code into an empty folder. The new schemas agree with the documents and compile.
#[test]
fn everything_can_be_imported_into_an_empty_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = copy_of_base("anew").join("schema");
    fs::remove_dir_all(schema.join("workloads")).unwrap();
    let whole = root.join("tests/import/whole");
    import(&whole, &schema).unwrap();
    assert_eq!(lines(&check(&whole, &schema).unwrap()), "");
    let sources = glomers_protocol_gen::generate(&schema).unwrap();
    assert_eq!(sources.len(), 12, "ten workloads, the errors and `mod.rs`");
}
