//! The types made of the schemas, held against the real Maelstrom: all that one node of each workload received and wrote in
//! a run. Every body must survive decoding and encoding. That they are valid by the schemas is tested in
//! `protocol/validation`.

use glomers_protocol::{DecodeError, Message, RpcError, init, services};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Decodes a message and encodes it again.
type Recode = fn(&Message<'_>) -> Result<Value, DecodeError>;

/// The code made of a schema file, for requests and for responses.
#[derive(Clone, Copy)]
struct Protocol {
    request: Recode,
    response: Recode,
}

macro_rules! protocol {
    ($($module:ident)::+) => {
        Protocol {
            request: |message| $($module)::+::Request::decode(message).map(|body| serde_json::to_value(body).unwrap()),
            response: |message| $($module)::+::Response::decode(message).map(|body| serde_json::to_value(body).unwrap()),
        }
    };
}

const INIT: Protocol = protocol!(init);
const KV: Protocol = protocol!(services::kv);
const ERROR: Protocol = Protocol {
    request: |message| Err(message.unknown_type(&[])),
    response: |message| message.payload::<RpcError>().map(|error| serde_json::to_value(error).unwrap()),
};

/// The messages that demo nodes exchange, which no schema describes.
const BETWEEN_NODES: [&str; 7] =
    ["broadcast_many", "broadcast_many_ok", "merge", "merge_ok", "replicate", "replicate_ack", "replicate_full"];

#[test]
fn every_recorded_body_survives_decoding() {
    // Workload, the protocol of its clients, and how many bodies of its transcripts are no demo node's own.
    let workloads = [
        ("broadcast", protocol!(glomers_protocol::broadcast), 34),
        ("echo", protocol!(glomers_protocol::echo), 116),
        ("g-counter", protocol!(glomers_protocol::g_counter), 74),
        ("g-set", protocol!(glomers_protocol::g_set), 38),
        ("kafka", protocol!(glomers_protocol::kafka), 352),
        ("lin-kv", protocol!(glomers_protocol::lin_kv), 90),
        ("pn-counter", protocol!(glomers_protocol::pn_counter), 44),
        ("txn-list-append", protocol!(glomers_protocol::txn_list_append), 494),
        ("txn-rw-register", protocol!(glomers_protocol::txn_rw_register), 130),
        ("unique-ids", protocol!(glomers_protocol::unique_ids), 78),
    ];
    let mut left_over = BTreeSet::new();
    for (workload, clients, expected) in workloads {
        let mut checked = 0;
        for direction in ["in", "out"] {
            let path = format!("tests/recordings/{workload}.0.{direction}.jsonl");
            for line in fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap().lines() {
                let message = Message::parse(line).unwrap_or_else(|error| panic!("{path}: {error}"));
                let Some(recode) = route(clients, &message) else {
                    left_over.insert(message.wire_type().to_owned());
                    continue;
                };
                check(recode, &message);
                checked += 1;
            }
        }
        assert_eq!(checked, expected, "{workload}");
    }
    assert_eq!(left_over.iter().map(String::as_str).collect::<Vec<_>>(), BETWEEN_NODES);
}

/// The code for a message; `None` for messages between nodes.
fn route(clients: Protocol, message: &Message<'_>) -> Option<Recode> {
    let is_node = |id: &str| id.starts_with('n');
    let (from_node, to_node) = (is_node(message.src()), is_node(message.dest()));
    let is_service = |id: &str| services::kv::ADDRESSES.contains(&id);
    let protocol = match message.wire_type() {
        _ if from_node && to_node => return None,
        "error" => ERROR,
        "init" | "init_ok" => INIT,
        _ if is_service(message.src()) || is_service(message.dest()) => KV,
        _ => clients,
    };
    // Services are asked by nodes, nodes by clients.
    let is_request = is_service(message.dest()) || to_node && !is_service(message.src());
    Some(if is_request { protocol.request } else { protocol.response })
}

fn check(recode: Recode, message: &Message<'_>) {
    let line: Value = serde_json::from_str(message.line()).unwrap();
    let recoded = recode(message).unwrap_or_else(|error| panic!("{error}: {}", message.line()));
    let mut fields = line["body"].as_object().expect("parsed as a message").clone();
    fields.retain(|key, _| !["type", "msg_id", "in_reply_to"].contains(&key.as_str()));
    assert_eq!(recoded, Value::Object(fields), "{}", message.line());
}
