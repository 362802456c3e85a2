//! Damaged documents of Maelstrom and damaged schemas. Each is imported or refused, and after an import no difference
//! remains. CONTRIBUTING.md gives the commands for a million cases each; `src/import/fuzz.rs` does the same in memory.

use crate::{
    cases::{base, copy, copy_of_base, files},
    mutations::{mutated, texts},
    with_form::with_form,
};
use glomers_protocol_gen::{check, generate_workload};
use proptest::prelude::*;
use std::{fs, path::PathBuf, sync::LazyLock};

const WORKLOADS: &str = "doc/workloads.md";

static WORKLOAD_DOCUMENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| documents("workloads.md"));

fn documents(ending: &str) -> Vec<Vec<u8>> {
    texts("protocol-gen/tests/import/base", ending).into_iter().map(String::into_bytes).collect()
}

static SCHEMAS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let schemas = ["protocol-gen/tests/golden", "protocol-gen/tests/bad", "protocol-gen/tests/import/base"];
    let texts = schemas.into_iter().flat_map(|folder| texts(folder, ".json"));
    texts.filter(|text| text.len() < 4000).map(String::into_bytes).collect()
});

/// The folder of one test, with documents and schemas.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        Self(copy_of_base(test))
    }

    /// Imports a changed document.
    fn import(&self, document: &str, text: &str) -> Result<(), TestCaseError> {
        let [maelstrom, schema] = ["maelstrom", "schema"].map(|name| self.0.join(name));
        fs::write(maelstrom.join(document), text).unwrap();
        let Ok(differences) = check(&maelstrom, &schema) else { return Ok(()) };
        if differences.is_empty() {
            return Ok(());
        }
        let before = files(&schema);
        match glomers_protocol_gen::import(&maelstrom, &schema) {
            Ok(_) => {
                prop_assert_eq!(check(&maelstrom, &schema).unwrap().len(), 0);
                fs::remove_dir_all(&schema).unwrap();
                copy(&base().join("schema"), &schema);
            }
            Err(_) => prop_assert_eq!(files(&schema), before, "something was written"),
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn workloads_are_imported_or_refused(text in mutated(&WORKLOAD_DOCUMENTS)) {
        thread_local!(static PLACE: Place = Place::new("fuzz-workloads"));
        PLACE.with(|place| place.import(WORKLOADS, &String::from_utf8_lossy(&text)))?;
    }

    #[test]
    fn schemas_are_compiled_or_refused(text in mutated(&SCHEMAS)) {
        let _ = generate_workload("fuzzed.json", &String::from_utf8_lossy(&text));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let (place, document) = (Place::new("deep"), str::from_utf8(&WORKLOAD_DOCUMENTS[0]).unwrap());
    for (open, close) in [("[", "]"), ("(maybe ", ")"), ("{:a ", "}"), ("(either ", ")"), ("#a ", ""), ("(", ")")] {
        let depth = 100_000;
        let form =
            format!("{{:type (eq \"put\"), :sweet {}Int{}, :msg_id Int}}", open.repeat(depth), close.repeat(depth));
        place.import(WORKLOADS, &with_form(document, &form)).unwrap();
    }
    for open in ["> ", "- ", "[", "![", "*", "`", "<a>", "    "] {
        place.import(WORKLOADS, &format!("{}\n\n{}", open.repeat(100_000), with_form(document, "{}"))).unwrap();
    }
}
