//! EDN output equals Jepsen's and loses nothing: recorded lines are reproduced byte for byte, and any JSON that a node
//! sends reads back unchanged.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as they do")]

use glomers_checkers::history::{Kind, Op, Process, edn};
use glomers_edn::{Form, Kind as Edn, Number};
use glomers_json::Json;
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Duration};

/// An entry from the JSON form of histories.
fn op(line: &str) -> Op {
    let mut members: BTreeMap<String, Json> = serde_json::from_str(line).unwrap();
    let error = members.remove("error");
    let mut need = |key: &str| members.remove(key).unwrap_or_else(|| panic!("no {key}: {line}"));
    let kind = match need("type").decode::<String>().unwrap().as_str() {
        "invoke" => Kind::Invoke,
        "ok" => Kind::Ok,
        "fail" => Kind::Fail,
        _ => Kind::Info,
    };
    let time = Duration::from_nanos(need("time").decode().unwrap());
    let process = need("process").decode().map_or(Process::Nemesis, Process::Client);
    let mut op = Op::new(time, process, kind, need("f").decode::<String>().unwrap(), need("value"));
    op.index = need("index").decode().unwrap();
    op.set_error(error);
    op.set_extra(members.into_iter().map(|(key, value)| (key.into(), value)).collect());
    op
}

/// An entry with this value, and nothing else of interest.
fn returned(f: &'static str, value: &str) -> Op {
    let value: Json = serde_json::from_str(value).unwrap();
    Op::new(Duration::from_nanos(1), Process::Client(2), Kind::Ok, f, value)
}

fn written(op: &Op) -> String {
    let mut line = String::new();
    edn::write(op, &mut line);
    line
}

fn check(f: &'static str, value: &str, expected: &str) {
    let expected = format!("{{:index 0, :time 1, :type :ok, :process 2, :f :{f}, :value {expected}}}");
    assert_eq!(written(&returned(f, value)), expected);
}

#[test]
fn recorded_lines_come_out_byte_for_byte() {
    let (json, edn) = (include_str!("../fixtures/recorded.jsonl"), include_str!("../fixtures/recorded.edn"));
    assert_eq!(json.lines().count(), edn.lines().count());
    for (line, expected) in json.lines().zip(edn.lines()) {
        let op = op(line);
        assert_eq!(written(&op), expected);
        assert_eq!(serde_json::to_string(&op).unwrap(), line);
    }
}

#[test]
fn errors_are_names_or_texts() {
    let with = |error: &str| {
        let mut op = returned("read", "null");
        op.set_error(Some(serde_json::from_str(error).unwrap()));
        op.set_extra(vec![("final?".into(), Json::from(true))]);
        written(&op)
    };
    let line = |error: &str| {
        format!("{{:index 0, :time 1, :type :ok, :process 2, :f :read, :value nil, :final? true, :error {error}}}")
    };
    assert_eq!(with(r#""net-timeout""#), line(":net-timeout"));
    assert_eq!(with(r#"["abort","aborted"]"#), line(r#"[:abort "aborted"]"#));
    assert_eq!(with(r#"["abort",null]"#), line("[:abort nil]"));
    assert_eq!(with(r#""indeterminate: broken""#), line(r#""indeterminate: broken""#));
    assert_eq!(with(r#""""#), line(r#""""#));
}

#[test]
fn names_are_only_where_jepsen_has_them() {
    check("txn", r#"[["r","r",["r"]]]"#, r#"[[:r "r" ["r"]]]"#);
    check("txn", r#"["r",[["r"]]]"#, r#"["r" [[:r]]]"#);
    check("read", r#"["r",{"a":"b"}]"#, r#"["r" {"a" "b"}]"#);
    check("echo", r#"{"type":"echo_ok","echo":{"a":1},"a b":2}"#, r#"{:type "echo_ok", :echo {"a" 1}, "a b" 2}"#);
}

#[test]
fn numbers_lose_nothing() {
    let numbers = [
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854775808N"),
        ("123456789012345678901234567890", "123456789012345678901234567890N"),
        ("1e400", "1e400M"),
        ("-1E+400", "-1E+400M"),
        ("1e-400", "1e-400M"),
        ("0e-400", "0e-400"),
        ("-0.0", "-0.0"),
        ("1.50", "1.50"),
    ];
    for (json, edn) in numbers {
        check("echo", json, edn);
    }
}

#[test]
fn strings_have_the_escapes_of_clojure() {
    check("echo", r#""\"\\\/\b\f\n\r\t\u0001\u00e9\ud83d\ude00é""#, "\"\\\"\\\\/\\b\\f\\n\\r\\t\u{1}é😀é\"");
    check("echo", r#""\/\\/\ud800\n""#, r#""/\\/\ud800\n""#);
}

#[test]
fn white_space_and_empty_things() {
    check("read", " [ 1 ,\n[ ] , { } , {\t\"a\" : null } ] ", r#"[1 [] {} {"a" nil}]"#);
}

#[test]
fn of_members_with_the_same_key_the_last_is_kept() {
    check("read", r#"{"a":[1,2],"b":3,"\u0061":{},"c":4}"#, r#"{"b" 3, "a" {}, "c" 4}"#);
    check("read", r#"[{"a":{"b":1,"b":2},"a":{"b":3,"b":4}}]"#, r#"[{"a" {"b" 4}}]"#);
}

#[test]
fn depth_has_no_limit() {
    let depth = 100_000;
    let value = format!("{}1{}", r#"[{"a":"#.repeat(depth), "}]".repeat(depth));
    let edn = written(&returned("read", &value));
    let expected = format!(":value {}1{}}}", r#"[{"a" "#.repeat(depth), "}]".repeat(depth));
    assert!(edn.ends_with(&expected));
}

/// A JSON value whose text is known.
#[derive(Clone, Debug)]
enum Tree {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The text, with white space where JSON allows it.
    fn text(&self) -> String {
        let string = |text: &String| serde_json::to_string(text).unwrap();
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) => text.clone(),
            Self::String(text) => string(text),
            Self::Array(elements) => format!("[ {}\n]", elements.iter().map(Self::text).collect::<Vec<_>>().join(",")),
            Self::Object(members) => {
                let members = members.iter().map(|(key, value)| format!("{} :\t{}", string(key), value.text()));
                format!("{{{} }}", members.collect::<Vec<_>>().join(" , "))
            }
        }
    }

    fn is(&self, edn: &Form<'_>) -> bool {
        match (self, &edn.kind) {
            (Self::Null, Edn::Nil) => true,
            (Self::Bool(value), Edn::Bool(read)) => value == read,
            (Self::Number(text), Edn::Number(Number::Integer(read) | Number::Decimal(read))) => text == read,
            (Self::Number(text), Edn::Number(Number::Double(read))) => read.is_finite() && text.parse() == Ok(*read),
            (Self::String(text), Edn::String(read)) => text == read,
            (Self::Array(elements), Edn::Vector(read)) => {
                elements.len() == read.len() && elements.iter().zip(read).all(|(element, read)| element.is(read))
            }
            (Self::Object(members), Edn::Map(read)) => {
                let members: BTreeMap<_, _> = members.iter().map(|(key, value)| (key, value)).collect();
                let is_read = |(key, value): (&&String, &&Self)| get(read, key).is_some_and(|read| value.is(read));
                members.len() == read.len() && members.iter().all(is_read)
            }
            _ => false,
        }
    }
}

/// The value of an entry with a string or a keyword as its key.
fn get<'a, 'e>(entries: &'a [(Form<'e>, Form<'e>)], name: &str) -> Option<&'a Form<'e>> {
    let is_named = |key: &Form<'_>| matches!(&key.kind, Edn::String(key) | Edn::Keyword(key) if key == name);
    entries.iter().find(|(key, _)| is_named(key)).map(|(_, value)| value)
}

fn json() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "-?[1-9][0-9]{17,40}",
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,25}",
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,5})?[eE][+-]?[0-9]{1,3}",
    ];
    let string = prop_oneof![any::<String>(), "[a-c]", "[\"\\\\/\n\t\r\u{8}\u{c}\u{0}-\u{1f},:{}\\[\\]u0-9]{0,12}"];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        number.prop_map(Tree::Number),
        string.clone().prop_map(Tree::String),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            prop::collection::vec((string.clone(), inner), 0..6).prop_map(Tree::Object),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_as_it_was_sent(value in json()) {
        let line = written(&returned("read", &value.text()));
        let read = Form::read(&line).map_err(|error| TestCaseError::fail(format!("{error}: {line}")))?;
        let Edn::Map(entry) = &read.kind else { panic!("no map: {line}") };
        prop_assert!(value.is(get(entry, "value").unwrap()), "{} became {line}", value.text());
    }
}
