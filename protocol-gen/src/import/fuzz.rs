//! Damaged documents, in memory. Each is imported or refused, and after an import no difference remains.
//! CONTRIBUTING.md gives the commands for a million cases each. `tests/it/fuzz.rs` does the same with files.

#[path = "../../../protocol/tests/mutations/mod.rs"]
mod mutations;
#[path = "../../tests/it/with_form.rs"]
mod with_form;

use crate::import::{
    differences::compare,
    documents::{self, parse},
    model::Protocol,
    schema_folder::SchemaFolder,
};
use mutations::{mutated, texts};
use proptest::prelude::*;
use std::{path::Path, sync::LazyLock};
use with_form::with_form;

static WORKLOADS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| corpus("base", "workloads.md"));
static CODES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| corpus("base", "protocol.md"));

/// Every form of a message that a document has.
static FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let documents = corpus("", "workloads.md").into_iter().map(|text| String::from_utf8_lossy(&text).into_owned());
    let until_fence = |text: &str| text.split("```").next().unwrap_or_default().as_bytes().to_vec();
    documents.flat_map(|text| text.split("```clj\n").skip(1).map(until_fence).collect::<Vec<_>>()).collect()
});

thread_local!(static BASE: (SchemaFolder, Protocol) = {
    let folder = SchemaFolder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/base/schema")).unwrap();
    let protocol = folder.protocol().unwrap();
    (folder, protocol)
});

fn corpus(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let texts = texts(&format!("protocol-gen/tests/import/{folder}"), ending);
    texts.into_iter().map(String::into_bytes).collect()
}

fn text(corpus: &[Vec<u8>]) -> &str {
    str::from_utf8(&corpus[0]).unwrap()
}

/// Imports changed documents.
fn import(workloads: &str, codes: &str) -> Result<(), TestCaseError> {
    let Ok(documents) = parse((Path::new("workloads.md"), workloads), (Path::new("protocol.md"), codes)) else {
        return Ok(());
    };
    BASE.with(|(folder, protocol)| {
        let differences = compare(protocol, &documents);
        if differences.is_empty() {
            return Ok(());
        }
        let mut folder = folder.clone();
        if folder.apply(&differences).and_then(|()| folder.verify(&documents)).is_ok() {
            prop_assert_eq!(compare(&folder.protocol().unwrap(), &documents).len(), 0);
        }
        Ok(())
    })
}

#[test]
fn undamaged_documents_have_no_differences() {
    let documents = documents::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/base")).unwrap();
    BASE.with(|(_, protocol)| assert_eq!(compare(protocol, &documents).len(), 0));
}

proptest! {
    #[test]
    fn workloads_are_imported_or_refused(workloads in mutated(&WORKLOADS)) {
        import(&String::from_utf8_lossy(&workloads), text(&CODES))?;
    }

    #[test]
    fn forms_are_imported_or_refused(form in mutated(&FORMS)) {
        import(&with_form(text(&WORKLOADS), &String::from_utf8_lossy(&form)), text(&CODES))?;
    }

    #[test]
    fn codes_are_imported_or_refused(codes in mutated(&CODES)) {
        import(text(&WORKLOADS), &String::from_utf8_lossy(&codes))?;
    }
}
