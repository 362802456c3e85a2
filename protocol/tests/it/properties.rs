//! Properties of any value and any text. Values stay verbatim and have the equality of JSON, the parser refuses and
//! never panics, and tagged tuples and error codes survive the wire.

use crate::parrot::Parrot;
use glomers_protocol::{
    ErrorCode, Json, Message, Node, Payload, Request, RpcError, echo::Echo, services, txn_list_append, txn_rw_register,
};
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    cmp::Ordering,
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

/// JSON as a sender may think of it: with numbers of any size, and members in some order.
#[derive(Clone, Debug)]
enum Tree {
    Literal(&'static str),
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

fn json() -> impl Strategy<Value = Tree> {
    json_with("-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?")
}

/// Values with numbers of the given form.
fn json_with(numbers: &'static str) -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["null", "true", "false"]).prop_map(Tree::Literal),
        numbers.prop_map(Tree::Number),
        text().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::btree_map(text(), inner, 0..5)
                .prop_map(|members| Tree::Object(members.into_iter().collect())),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c\"\\\\/\n\u{e9}\u{1f600}]{0,4}", any::<String>()]
}

/// A way to write a value.
#[derive(Clone, Copy, Debug)]
enum Style {
    Compact,
    /// White space everywhere, members from last to first, characters escaped that need not be.
    Odd,
}

fn write(value: &Tree, style: Style) -> String {
    let space = match style {
        Style::Compact => "",
        Style::Odd => " \t",
    };
    match value {
        Tree::Literal(literal) => (*literal).to_owned(),
        Tree::Number(number) => number.clone(),
        Tree::Text(text) => write_text(text, style),
        Tree::List(items) => {
            let items: Vec<_> = items.iter().map(|item| write(item, style)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
        }
        Tree::Object(members) => {
            let member = |(key, value): &(String, Tree)| {
                format!("{}{space}:{space}{}", write_text(key, style), write(value, style))
            };
            let mut members: Vec<_> = members.iter().map(member).collect();
            if matches!(style, Style::Odd) {
                members.reverse();
            }
            format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
        }
    }
}

fn write_text(text: &str, style: Style) -> String {
    match style {
        Style::Compact => serde_json::to_string(text).unwrap(),
        Style::Odd => {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            format!("\"{escaped}\"")
        }
    }
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn hash(value: &Json) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The lines that a node sends after `init` and one more line.
fn deliver(line: &[u8]) -> Vec<String> {
    let mut node = Node::new::<Parrot>(0);
    let init = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;
    node.deliver(init.as_bytes(), Duration::ZERO).unwrap();
    // Other tests check that it is rejected.
    let _ = node.deliver(line, Duration::ZERO);
    let mut sent = Vec::new();
    node.drain(|_, line| sent.push(line.to_owned()));
    sent.split_off(1)
}

proptest! {
    #[test]
    fn any_value_comes_back_as_it_was_sent(value in json()) {
        for style in [Style::Compact, Style::Odd] {
            let text = write(&value, style);
            prop_assert_eq!(serde_json::to_string(&parse(&text)).unwrap(), &*text);
            let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"echo","msg_id":2,"echo":{text}}}}}"#);
            let reply = format!(r#"{{"src":"n1","dest":"c1","body":{{"type":"echo_ok","in_reply_to":2,"echo":{text}}}}}"#);
            prop_assert_eq!(deliver(line.as_bytes()), [reply]);
        }
    }

    #[test]
    fn how_a_value_is_written_does_not_matter(value in json()) {
        let (compact, odd) = (parse(&write(&value, Style::Compact)), parse(&write(&value, Style::Odd)));
        prop_assert_eq!(&compact, &odd);
        prop_assert_eq!(compact.cmp(&odd), Ordering::Equal);
        prop_assert_eq!(hash(&compact), hash(&odd));
    }

    #[test]
    fn equality_order_and_hash_agree(values in vec(json(), 3)) {
        let values: Vec<_> = values.iter().flat_map(|value| [Style::Compact, Style::Odd].map(|style| parse(&write(value, style)))).collect();
        let order: Vec<Vec<_>> = values.iter().map(|left| values.iter().map(|right| left.cmp(right)).collect()).collect();
        for (l, left) in values.iter().enumerate() {
            for (r, right) in values.iter().enumerate() {
                prop_assert_eq!(left == right, order[l][r].is_eq());
                prop_assert_eq!(order[l][r], order[r][l].reverse());
                prop_assert!(left != right || hash(left) == hash(right));
                for (third, first) in order[r].iter().zip(&order[l]) {
                    prop_assert!(order[l][r].is_gt() || third.is_gt() || first.is_le());
                }
            }
        }
    }

    #[test]
    // With numbers that serde_json's own values hold exactly.
    fn equality_is_that_of_the_values(left in json_with("[1-9]"), right in json_with("[1-9]")) {
        let (left, right) = (write(&left, Style::Compact), write(&right, Style::Compact));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(parse(&left) == parse(&right), value(&left) == value(&right));
    }

    #[test]
    fn integers_are_in_their_order(left: u64, right: u64) {
        prop_assert_eq!(Json::from(left).cmp(&Json::from(right)), left.cmp(&right));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text: String) {
        let _ = Message::parse(&text);
    }

    #[test]
    fn no_bytes_make_a_node_panic_or_answer_more_than_once(bytes: Vec<u8>) {
        prop_assert!(deliver(&bytes).len() <= 1);
    }

    #[test]
    fn no_mutilated_message_makes_a_node_panic_or_answer_more_than_once(
        value in json(),
        cuts in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let text = write(&value, Style::Compact);
        let mut line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"echo","msg_id":2,"echo":{text}}}}}"#).into_bytes();
        for (index, byte) in cuts {
            let at = index.index(line.len());
            line[at] = byte;
        }
        prop_assert!(deliver(&line).len() <= 1);
    }

    #[test]
    fn no_body_of_the_right_type_makes_a_node_panic_or_answer_more_than_once(value in json()) {
        let Tree::Object(mut members) = value else { return Ok(()) };
        members.retain(|(key, _)| key != "type");
        members.push(("type".to_owned(), Tree::Text("echo".to_owned())));
        let body = write(&Tree::Object(members), Style::Odd);
        let line = format!(r#"{{"src":"c1","dest":"n1","body":{body}}}"#);
        prop_assert!(deliver(line.as_bytes()).len() <= 1);
    }

    #[test]
    fn micro_operations_survive_the_wire(key in json(), value in json()) {
        let (key, value) = (write(&key, Style::Odd), write(&value, Style::Compact));
        let (any_key, any_value) = (|| parse(&key), || parse(&value));
        {
            use txn_rw_register::{CompletedMicroOp, MicroOp};
            check_tuple(&MicroOp::Read { key: any_key() }, &["\"r\"", &key, "null"])?;
            check_tuple(&MicroOp::Write { key: any_key(), value: any_value() }, &["\"w\"", &key, &value])?;
            check_tuple(&CompletedMicroOp::Read { key: any_key(), value: any_value() }, &["\"r\"", &key, &value])?;
            check_tuple(&CompletedMicroOp::Write { key: any_key(), value: any_value() }, &["\"w\"", &key, &value])?;
        }
        {
            use txn_list_append::MicroOp;
            check_tuple(&MicroOp::Read { key: any_key() }, &["\"r\"", &key, "null"])?;
            check_tuple(&MicroOp::Append { key: any_key(), value: any_value() }, &["\"append\"", &key, &value])?;
        }
    }

    #[test]
    fn every_number_is_an_error_code(number: i64) {
        check_code(number)?;
    }

    #[test]
    fn every_small_number_is_an_error_code(number in -10_i64..1100) {
        check_code(number)?;
    }

    #[test]
    fn an_error_survives_the_wire(number: i64, text: Option<String>) {
        let error = RpcError { code: ErrorCode::from(number), text };
        let wire = serde_json::to_string(&error).unwrap();
        prop_assert_eq!(serde_json::from_str::<RpcError>(&wire).unwrap(), error);
    }
}

/// Checks the text of a tuple, that it decodes to the same value, and that with an item more or less it does not.
fn check_tuple<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    value: &T,
    items: &[&str],
) -> Result<(), TestCaseError> {
    let text = format!("[{}]", items.join(","));
    prop_assert_eq!(&serde_json::to_string(value).unwrap(), &text);
    prop_assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    let longer = format!("[{},0]", items.join(","));
    let shorter = format!("[{}]", items[..items.len() - 1].join(","));
    for other in [longer, shorter] {
        prop_assert!(serde_json::from_str::<T>(&other).is_err(), "{}", other);
    }
    Ok(())
}

fn check_code(number: i64) -> Result<(), TestCaseError> {
    let code = ErrorCode::from(number);
    prop_assert_eq!(code.number(), number);
    prop_assert_eq!(matches!(code, ErrorCode::Custom(_)), !ErrorCode::NAMED.contains(&code));
    prop_assert_eq!(serde_json::to_string(&code).unwrap(), number.to_string());
    prop_assert_eq!(serde_json::from_str::<ErrorCode>(&number.to_string()).unwrap(), code);
    Ok(())
}

#[test]
fn named_error_codes_are_those_of_maelstrom() {
    let rows = [
        (0, "timeout", false),
        (1, "node-not-found", true),
        (10, "not-supported", true),
        (11, "temporarily-unavailable", true),
        (12, "malformed-request", true),
        (13, "crash", false),
        (14, "abort", true),
        (20, "key-does-not-exist", true),
        (21, "key-already-exists", true),
        (22, "precondition-failed", true),
        (30, "txn-conflict", true),
    ];
    let named: Vec<_> = ErrorCode::NAMED.iter().map(|code| (code.number(), code.name(), code.is_definite())).collect();
    assert_eq!(named, rows);
    assert_eq!((ErrorCode::from(1000).name(), ErrorCode::from(1000).is_definite()), ("custom", false));
}

#[test]
fn requests_know_their_responses() {
    fn pair<R: Request>() -> (&'static str, &'static str) {
        (R::TYPE, R::Response::TYPE)
    }
    assert_eq!(pair::<Echo>(), ("echo", "echo_ok"));
    assert_eq!(pair::<txn_rw_register::Txn>(), ("txn", "txn_ok"));
    assert_eq!(pair::<services::kv::Cas>(), ("cas", "cas_ok"));
}
