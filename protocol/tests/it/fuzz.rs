//! Damaged messages. Reading a damaged line never panics, a line that is read is written again with the same fields,
//! and equality of values is an equivalence. CONTRIBUTING.md says how to run a million of each.

use crate::mutations::{lines, mutated, texts};
use glomers_protocol::{DecodeError, Json, Message, Payload, RpcError};

use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value;
use std::{
    cmp::Ordering,
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

/// The lines that nodes of every workload received and wrote under Maelstrom.
static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut lines = lines(texts("protocol/tests/recordings", ".jsonl"));
    lines.retain(|line| line.len() < 2000);
    lines
});

/// Checks that a body, once decoded, is encoded and decoded without a change.
fn check_decoded<T: Serialize + Eq + Debug>(
    message: &Message<'_>,
    decode: impl Fn(&Message<'_>) -> Result<T, DecodeError>,
) -> Result<(), TestCaseError> {
    let Ok(body) = decode(message) else { return Ok(()) };
    let fields = serde_json::to_string(&body).unwrap();
    let wire_type = serde_json::to_string(message.wire_type()).unwrap();
    let comma = if fields == "{}" { "" } else { "," };
    let line = format!(r#"{{"src":"c1","dest":"n1","body":{{"type":{wire_type}{comma}{}}}"#, &fields[1..]);
    let again = decode(&Message::parse(&line).unwrap()).unwrap();
    prop_assert_eq!(&again, &body);
    prop_assert_eq!(serde_json::to_string(&again).unwrap(), fields);
    Ok(())
}

macro_rules! check_workloads {
    ($message:expr; $($($module:ident)::+),* $(,)?) => {$(
        check_decoded($message, glomers_protocol::$($module)::+::Request::decode)?;
        check_decoded($message, glomers_protocol::$($module)::+::Response::decode)?;
    )*};
}

fn hash(value: &Json) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #[test]
    fn a_message_is_read_or_refused(line in mutated(&CORPUS)) {
        let Ok(line) = str::from_utf8(&line) else { return Ok(()) };
        match Message::parse(line) {
            Ok(message) => {
                let value: Value = serde_json::from_str(line).unwrap_or_default();
                prop_assert_eq!(message.line(), line);
                // `Value` refuses what is nested deeply and what no double holds, which a message may have.
                if value.is_object() {
                    prop_assert_eq!(value["src"].as_str(), Some(message.src()));
                    prop_assert_eq!(value["dest"].as_str(), Some(message.dest()));
                    prop_assert_eq!(value["body"]["type"].as_str(), Some(message.wire_type()));
                    prop_assert_eq!(value["body"]["msg_id"].as_i64(), message.msg_id());
                    prop_assert_eq!(value["body"]["in_reply_to"].as_i64(), message.in_reply_to());
                }
            }
            Err(error) => {
                let text = error.to_string();
                prop_assert!(text.len() < 2000 && !text.contains(char::is_control), "{:?}", text);
            }
        }
    }

    #[test]
    fn a_body_that_is_decoded_can_be_sent_again(line in mutated(&CORPUS)) {
        let Ok(line) = str::from_utf8(&line) else { return Ok(()) };
        let Ok(message) = Message::parse(line) else { return Ok(()) };
        check_workloads!(&message;
            init, broadcast, echo, g_counter, g_set, kafka, lin_kv, pn_counter, txn_list_append, txn_rw_register,
            unique_ids, services::kv, services::tso,
        );
        check_decoded(&message, |message| match message.wire_type() {
            RpcError::TYPE => message.payload::<RpcError>(),
            _ => Err(message.unknown_type(&[])),
        })?;
    }

    #[test]
    fn any_value_is_kept_and_compared(left in mutated(&CORPUS), right in mutated(&CORPUS)) {
        let read = |text: &[u8]| serde_json::from_slice::<Json>(text).ok();
        let (Some(left), Some(right)) = (read(&left), read(&right)) else { return Ok(()) };
        for value in [&left, &right] {
            prop_assert_eq!(&serde_json::to_string(value).unwrap(), value.as_str());
            prop_assert_eq!(value, &read(value.as_str().as_bytes()).unwrap());
        }
        prop_assert_eq!(left == right, left.cmp(&right) == Ordering::Equal);
        prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
        prop_assert!(left != right || hash(&left) == hash(&right));
        if let (true, Ok(left), Ok(right)) = (left == right, left.decode::<Value>(), right.decode::<Value>()) {
            prop_assert_eq!(left, right);
        }
    }
}
