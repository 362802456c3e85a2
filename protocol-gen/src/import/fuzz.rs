//! Damaged documents, in memory: they are understood or refused, and what was imported is the same from then on.
//! CONTRIBUTING.md says how to run a million of each. `tests/fuzz.rs` does the same with files.

#[path = "../../../protocol/tests/mutations/mod.rs"]
mod mutations;
#[path = "../../tests/import/with_form.rs"]
mod with_form;

use super::{
    differences::compare,
    documents::{self, parse},
    folder::Folder,
    model::Protocol,
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

thread_local!(static BASE: (Folder, Protocol) = {
    let folder = Folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/base/schema")).unwrap();
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

/// Follows documents that are others than they were.
fn follow(workloads: &str, codes: &str) -> Result<(), TestCaseError> {
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
fn the_documents_as_they_are_differ_in_nothing() {
    let documents = documents::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/base")).unwrap();
    BASE.with(|(_, protocol)| assert_eq!(compare(protocol, &documents).len(), 0));
}

proptest! {
    #[test]
    fn workloads_are_followed_or_refused(workloads in mutated(&WORKLOADS)) {
        follow(&String::from_utf8_lossy(&workloads), text(&CODES))?;
    }

    #[test]
    fn forms_are_followed_or_refused(form in mutated(&FORMS)) {
        follow(&with_form(text(&WORKLOADS), &String::from_utf8_lossy(&form)), text(&CODES))?;
    }

    #[test]
    fn codes_are_followed_or_refused(codes in mutated(&CODES)) {
        follow(text(&WORKLOADS), &String::from_utf8_lossy(&codes))?;
    }
}
