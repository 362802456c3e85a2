//! This crate names no workload: a new schema file needs no change in it. So no string literal in its sources, and no
//! part of one, may be the name of a workload or service or the type of a message.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

/// The string literals of a source file. Doc comments are excluded, because they may name a workload as an example.
#[derive(Default)]
struct Literals(Vec<String>);

impl Visit<'_> for Literals {
    fn visit_attribute(&mut self, _: &syn::Attribute) {}

    fn visit_lit_str(&mut self, literal: &syn::LitStr) {
        self.0.push(literal.value());
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

impl Literals {
    /// Collects the literals inside a macro call: `quote!`, `format!`, `json!`.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Group(group) => self.tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.0.push(text.value());
                    }
                }
                _ => {}
            }
        }
    }

    fn of(file: &Path) -> Vec<String> {
        let text = fs::read_to_string(file).expect("a source file is readable");
        let mut literals = Self::default();
        literals.visit_file(&syn::parse_file(&text).expect("a source file is Rust"));
        literals.0
    }
}

/// The files in a folder and in the folders in it.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        let entries = fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("readable").path());
        let (folders, found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        pending.extend(folders);
        files.extend(found);
    }
    files
}

#[test]
fn no_source_names_a_workload_or_a_message() {
    let mut names = BTreeSet::new();
    for file in [files("../schema/workloads"), files("../schema/services")].concat() {
        let schema: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("a schema is JSON");
        names.insert(schema["title"].as_str().expect("a schema has a title").to_owned());
        let messages = schema["definitions"].as_object().expect("a schema has definitions").values();
        let types = messages.filter_map(|message| message["properties"]["type"]["const"].as_str());
        names.extend(types.map(str::to_owned));
    }
    assert!(names.len() > 30, "{names:?}");
    let mut seen = 0;
    for file in files("src") {
        for literal in Literals::of(&file) {
            seen += 1;
            let mut words = literal.split(|letter: char| !(letter.is_alphanumeric() || "-_".contains(letter)));
            assert!(!names.contains(&literal), "{}: {literal:?}", file.display());
            let named = words.find(|word| word.contains(['-', '_']) && names.contains(*word));
            assert_eq!(named, None, "{}: {literal:?}", file.display());
        }
    }
    assert!(seen > 100, "only {seen} literals found");
}
