//! The schema that a node prints describes exactly its messages: every message of a simulated run fits, and every described
//! message is sent. The nodes are the programs in `target/debug`, or in the folder that the variable `NODES` names.

use schema_validation::{names_in, read_json, root, validator};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The participants that are neither nodes nor clients.
const SERVICES: [&str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

/// Runs one of the programs to its end.
fn program(name: &str, arguments: &[&str]) -> Output {
    let folder = env::var_os("NODES").map_or_else(|| root().join("target/debug"), PathBuf::from);
    let path = folder.join(name);
    let output = Command::new(&path).args(arguments).output();
    output.unwrap_or_else(|error| panic!("{}: {error}. Build it: cargo build", path.display()))
}

fn printed(node: &str) -> Value {
    let output = program(node, &["--schema"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{node}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The bodies that clients and nodes send in a run of three nodes, two of them cut off for a while.
fn spoken(node: &str) -> Vec<Value> {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema").join(node);
    let _ = fs::remove_dir_all(&store);
    let arguments = format!(
        "test --builtin {node} --node-count 3 --time-limit 4 --rate 50 --concurrency 4n --nemesis partition \
         --nemesis-interval 4 --store"
    );
    let mut arguments: Vec<&str> = arguments.split(' ').collect();
    arguments.push(store.to_str().unwrap());
    // The verdict does not matter here: not every node serves everybody during a partition.
    let output = program("glomers", &arguments);
    let message = |line: &str| {
        let packet: Value = serde_json::from_str(line).unwrap();
        serde_json::from_str::<Value>(packet["message"].as_str().unwrap()).unwrap()
    };
    let is_ours = |message: &Value| ["src", "dest"].iter().all(|end| SERVICES.iter().all(|name| message[end] != *name));
    let messages = fs::read_to_string(store.join("latest/messages.jsonl"));
    let messages = messages.unwrap_or_else(|_| panic!("{node}: {}", String::from_utf8_lossy(&output.stderr)));
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

#[test]
fn every_message_of_a_run_fits_what_its_node_prints() {
    for node in names_in("bins/src/bin", ".rs") {
        let (schema, spoken) = (printed(&node), spoken(&node));
        let validator = validator(&schema, &node);
        for body in &spoken {
            assert!(validator.is_valid(body), "{node}: {body} is none of the bodies it prints");
        }
        let seen = wire_types(&spoken);
        let between = between_nodes(&schema);
        assert!(between.is_subset(&seen), "{node}: of {between:?} only {seen:?} were sent");
        assert!(spoken.len() > 200, "{node}: {} messages are too few to tell", spoken.len());
    }
}

#[test]
fn what_a_node_does_not_speak_does_not_fit() {
    let validator = validator(&printed("kafka"), "kafka");
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

/// The node is that of `protocol/tests/it/described.rs`, and its schema is recorded there.
#[test]
fn bodies_fit_as_they_are_sent() {
    let schema = read_json("protocol/tests/described.json");
    let validator = validator(&schema, "described.json");
    let part = json!({"number": 1});
    for (fits, body) in [
        (true, json!({"type": "init", "msg_id": 1, "node_id": "n1", "node_ids": ["n1"]})),
        (true, json!({"type": "error", "in_reply_to": 1, "code": 11})),
        (true, json!({"type": "echo_ok", "in_reply_to": 1, "echo": null})),
        (false, json!({"type": "read", "msg_id": 1})),
        (true, json!({"type": "closed", "about": [], "heard_of": null, "parts": [part]})),
        (true, json!({"type": "closed", "about": 1, "heard_of": "n1", "parts": []})),
        (false, json!({"type": "closed", "about": 1, "heard_of": 1, "parts": []})),
        (false, json!({"type": "closed", "about": 1, "parts": [], "more": 1})),
        (false, json!({"type": "closed", "about": 1, "parts": [{"number": 1, "type": "part"}]})),
        (false, json!({"about": 1, "parts": []})),
        (true, json!({"type": "choice", "left": {"by": 1}})),
        (false, json!({"type": "choice", "left": {"by": 1}, "right": {}})),
        (false, json!({"type": "choice", "left": {"by": 1, "msg_id": 1}})),
        (true, json!({"type": "ask", "msg_id": 1, "number": 1})),
        (true, json!({"type": "ask", "msg_id": 1, "other": true})),
        (false, json!({"type": "ask", "number": 1})),
        (false, json!({"type": "ask", "msg_id": 1, "number": "one"})),
        (true, json!({"type": "ask_ok", "in_reply_to": 1})),
        (false, json!({"type": "ask_ok"})),
        (false, json!({"type": "ask_ok", "in_reply_to": 1, "more": 1})),
    ] {
        assert_eq!(validator.is_valid(&body), fits, "{body}");
    }
}
