//! The schema that a node prints describes exactly its messages: every message of a simulated run fits, and every
//! described message is sent.

use glomers::catalogue::{NODES, Node};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// The participants that are neither nodes nor clients.
const SERVICES: [&str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

/// The schema that a node prints.
fn printed(name: &str) -> Value {
    let path = Path::new(env!("CARGO_BIN_EXE_glomers")).with_file_name(name);
    let output = Command::new(path).arg("--schema").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{name}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The bodies that clients and nodes send in a run of three nodes, two of them cut off for a while.
fn spoken(node: &Node) -> Vec<Value> {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema").join(node.name);
    let _ = fs::remove_dir_all(&store);
    let arguments = format!(
        "test --builtin {} --node-count 3 --time-limit 4 --rate 50 --concurrency 4n --nemesis partition",
        node.name
    );
    let output = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(arguments.split(' '))
        .args(["--nemesis-interval", "4", "--store"])
        .arg(&store)
        .output()
        .unwrap();
    let messages = fs::read_to_string(store.join("latest/messages.jsonl"));
    let messages = messages.unwrap_or_else(|_| panic!("{}: {}", node.name, String::from_utf8_lossy(&output.stderr)));
    let message = |line: &str| {
        let packet: Value = serde_json::from_str(line).unwrap();
        serde_json::from_str::<Value>(packet["message"].as_str().unwrap()).unwrap()
    };
    let is_ours = |message: &Value| ["src", "dest"].iter().all(|end| SERVICES.iter().all(|name| message[end] != *name));
    messages.lines().map(message).filter(is_ours).map(|mut message| message["body"].take()).collect()
}

fn wire_types<'a>(bodies: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    bodies.into_iter().map(|body| body["type"].as_str().unwrap()).collect()
}

/// The types that a schema describes as messages between nodes.
fn between_nodes(schema: &Value) -> BTreeSet<&str> {
    let definitions = schema["definitions"].as_object().unwrap().keys();
    definitions.filter_map(|name| name.strip_prefix("nodes.")).filter(|name| !name.starts_with("shapes.")).collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::meta::validate(schema).unwrap();
    jsonschema::draft7::new(schema).unwrap()
}

#[test]
fn every_message_of_a_run_fits_what_its_node_prints() {
    for node in NODES {
        let (schema, spoken) = (printed(node.name), spoken(node));
        let validator = validator(&schema);
        for body in &spoken {
            assert!(validator.is_valid(body), "{}: {body} is none of the bodies it prints", node.name);
        }
        let seen = wire_types(&spoken);
        let between = between_nodes(&schema);
        assert!(between.is_subset(&seen), "{}: of {between:?} only {seen:?} were sent", node.name);
        assert!(spoken.len() > 200, "{}: {} messages are too few to tell", node.name, spoken.len());
    }
}

#[test]
fn what_a_node_does_not_speak_does_not_fit() {
    let validator = validator(&printed("kafka"));
    let record = |record: Value| json!({"type": "batch", "incarnation": 1, "after": 0, "upto": 1, "heard": [0, 0], "entries": [[1, record]]});
    assert!(validator.is_valid(&record(json!({"sent": ["k1", 5]}))));
    for body in [
        record(json!({"sent": ["k1"]})),
        record(json!({"lost": ["k1", 5]})),
        json!({"incarnation": 1, "after": 0, "upto": 1, "heard": [0, 0], "entries": []}),
        json!({"type": "batch", "incarnation": 1, "after": -1, "upto": 1, "heard": [0, 0], "entries": []}),
        json!({"type": "send_ok", "in_reply_to": 1, "offset": 1, "key": "k1"}),
        json!({"type": "echo", "msg_id": 1, "echo": "hello"}),
    ] {
        assert!(!validator.is_valid(&body), "{body}");
    }
}
