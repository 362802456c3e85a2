//! Another reader of EDN, `clojure-reader`, agrees: on the recorded runs of Maelstrom and on any text that it reads, too.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use clojure_reader::edn::{Edn, read, read_string};
use flate2::read::GzDecoder;
use glomers_checkers::history::edn::to_json;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::{fs, io::Read};

/// The value that the other reader finds, as JSON.
fn json(edn: &Edn<'_>) -> Value {
    let all = |all: &mut dyn Iterator<Item = &Edn<'_>>| Value::from(all.map(json).collect::<Vec<_>>());
    match edn {
        Edn::Vector(items) | Edn::List(items) => all(&mut items.iter()),
        Edn::Set(items) => all(&mut items.iter()),
        Edn::Map(entries) => {
            let key = |key| match json(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Value::from(entries.iter().map(|(name, value)| (key(name), json(value))).collect::<Map<_, _>>())
        }
        Edn::Tagged(_, inner) => json(inner),
        Edn::Key(text) | Edn::Symbol(text) | Edn::Str(text) => Value::from(&**text),
        Edn::Int(number) => Value::from(*number),
        // Read as ours is, because serde_json does not read every number exactly.
        Edn::Double(number) => serde_json::from_str(&format!("{:?}", number.into_inner())).unwrap(),
        Edn::Bool(truth) => Value::from(*truth),
        Edn::Nil => Value::Null,
        other => Value::from(other.to_string()),
    }
}

fn ours(text: &str) -> Value {
    serde_json::from_str(&to_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))).unwrap()
}

#[test]
fn recorded_runs() {
    let mut forms = 0;
    for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories")).unwrap() {
        let folder = folder.unwrap().path();
        for file in ["history.edn.gz", "results.edn.gz"] {
            let Ok(packed) = fs::read(folder.join(file)) else { continue };
            let mut text = String::new();
            GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
            let mut rest = text.trim();
            while !rest.is_empty() {
                let (form, tail) = read(rest).unwrap();
                assert_eq!(ours(&rest[..rest.len() - tail.len()]), json(&form), "{}", folder.display());
                rest = tail.trim_start();
                forms += 1;
            }
        }
    }
    assert!(forms > 10_000, "{forms} forms");
}

/// A text of forms of every kind that both read alike.
fn form() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("nil".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "[+-]?[0-9]{1,15}\\.[0-9]{1,5}([eE][+-]?[0-9]{1,2})?",
        "[1-9][0-9]{0,5}/[1-9][0-9]{0,5}",
        "\\\\([a-zé\\[\"]|newline|space|tab|return)",
        "\"([a-z é:;#\\[{}]|\\\\[nrt\\\\\"]){0,9}\"",
        ":[a-z][a-z0-9*+!?._-]{0,5}(/[a-z]{1,3})?",
        "[a-z][a-z0-9*+!?._-]{0,5}(/[a-z]{1,3})?",
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let all = prop::collection::vec(inner.clone(), 0..5).prop_map(|all| all.join(" "));
        let entries = prop::collection::vec((":[a-z]{3,9}", inner.clone()), 0..4);
        prop_oneof![
            all.clone().prop_map(|all| format!("[{all}]")),
            all.clone().prop_map(|all| format!("({all} )")),
            all.prop_map(|all| format!("#{{ {all}}}")),
            entries.prop_map(|all| {
                let entry = |(key, value): (String, String)| format!("{key} {value}, ");
                format!("{{{}}}", all.into_iter().map(entry).collect::<String>())
            }),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("[#_{one} ;; [\"\n {two}]")),
            inner.prop_map(|form| format!("#a.b/c {form}")),
        ]
    })
}

proptest! {
    #[test]
    fn generated_forms(text in form()) {
        match read_string(&text) {
            Ok(form) => {
                let (ours, theirs) = (ours(&text), json(&form));
                // Elements of a set that are not simple have another order.
                if !text.contains("#{") {
                    prop_assert_eq!(ours, theirs, "{}", text);
                } else {
                    prop_assert_eq!(unordered(ours), unordered(theirs), "{}", text);
                }
            }
            Err(_) => prop_assert!(to_json(&text).is_err(), "{}", text),
        }
    }
}

/// The same value with all arrays sorted.
fn unordered(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(unordered).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, unordered(value))).collect(),
        other => other,
    }
}
