//! Compiles the code in `golden/` and runs the tests that it contains. The tests here check what an example on the wire
//! cannot show: refused bodies, the order of a tuple's items, and the items beside the payloads.
//!
//! It is a program of its own: if generated code does not compile, the goldens in `tests/it` can still be rewritten.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// The modules, and their names for the test that none is missing.
macro_rules! compile {
    ($($name:ident)*) => {
        #[allow(dead_code, missing_docs, unreachable_pub, reason = "no test uses every generated item")]
        mod compiled {
            $(pub mod $name {
                include!(concat!("golden/", stringify!($name), ".rs"));
            })*

            pub mod folder {
                include!("golden/folder/mod.rs");
            }
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

compile! { any_value codes map names null_items optional pair shape tagged tuple }

#[test]
fn no_golden_file_is_missing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("readable").path());
    let schemas = files.filter(|file| file.extension().is_some_and(|kind| kind == "json"));
    let names: BTreeSet<_> = schemas.map(|file| file.file_stem().expect("a name").display().to_string()).collect();
    assert_eq!(names, NAMES.iter().map(ToString::to_string).collect());
}

#[test]
fn a_folder_becomes_a_tree_of_modules() {
    use compiled::folder::services::clock;
    assert_eq!(clock::ADDRESSES, [clock::CLOCK, clock::SUNDIAL]);
    assert_eq!(clock::ADDRESSES, ["clock", "sundial"]);
    assert_eq!(compiled::folder::knock_knock::NAME, "knock-knock");
}

#[test]
fn bodies_that_do_not_fit_are_refused() {
    fn refusal<T: glomers_protocol::Payload>(fields: &str) -> String {
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"{}",{fields}}}}}"#, T::TYPE);
        let message = glomers_protocol::Message::parse(&line).expect("the envelope is right");
        match message.payload::<T>() {
            Ok(_) => panic!("accepted {fields}"),
            Err(error) => error.to_string(),
        }
    }
    let refused = [
        (refusal::<compiled::pair::Put>(r#""text":1"#), "expected a string"),
        (refusal::<compiled::pair::PutOk>(r#""length":1,"more":2"#), "unknown field `more`"),
        (refusal::<compiled::optional::Put>(r#""order":"middle""#), "unknown variant `middle`"),
        (refusal::<compiled::tagged::Put>(r#""steps":[["get","k",1]]"#), "expected unit"),
        (refusal::<compiled::tagged::Put>(r#""steps":[["put","k"]]"#), "item 3 is missing"),
        (refusal::<compiled::tagged::Put>(r#""steps":[["stop",1]]"#), "more than 1 items"),
        (refusal::<compiled::tagged::Put>(r#""steps":[["halt"]]"#), "unknown variant `halt`"),
        (refusal::<compiled::tuple::Put>(r#""points":[[1,"a",2]]"#), "trailing"),
    ];
    for (error, reason) in refused {
        assert!(error.contains(reason), "`{error}` does not say: {reason}");
    }
}

#[test]
fn flags_of_codes_become_methods() {
    use compiled::codes::Code;
    let good: Vec<_> = Code::NAMED.iter().map(|code| (code.name(), code.number(), code.is_good())).collect();
    assert_eq!(good, [("all-well", 0, true), ("out-of-cheese", 3, false)]);
    assert_eq!((Code::from(3), Code::from(4)), (Code::OutOfCheese, Code::Other(4)));
}

/// A tuple on the wire with any values in its fields. Its tag spells its shape, `v` for a field and `n` for `null`.
fn any_step() -> impl Strategy<Value = (String, Vec<Value>)> {
    let any_json = prop_oneof![Just(json!(null)), any::<i64>().prop_map(Value::from), Just(json!({"n": [null]}))];
    let nullable = proptest::option::of(".{0,5}").prop_map(|text| json!(text));
    ("[vn]{0,3}", any_json, any::<i64>(), nullable).prop_map(|(shape, first, second, third)| {
        let fields = [first, json!(second), third];
        let items = shape.chars().zip(fields).map(|(kind, field)| if kind == 'v' { field } else { Value::Null });
        let tag = if shape.is_empty() { "empty" } else { &shape };
        let tuple = std::iter::once(json!(tag)).chain(items).collect();
        (shape, tuple)
    })
}

proptest! {
    #[test]
    fn tuples_are_read_in_the_order_they_are_written((shape, tuple) in any_step()) {
        let text = json!(tuple).to_string();
        let step: compiled::null_items::Step = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&step).unwrap(), text);

        for place in shape.match_indices('n').map(|(index, _)| index + 1) {
            let mut wrong = tuple.clone();
            wrong[place] = json!(1);
            let error = serde_json::from_value::<compiled::null_items::Step>(json!(wrong)).unwrap_err().to_string();
            prop_assert!(error.contains("expected unit"), "{wrong:?}: {error}");
        }
    }
}
