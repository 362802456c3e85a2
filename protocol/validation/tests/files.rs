//! The schema files: each is a schema of draft 07, its examples are valid, what the real Maelstrom sent is valid, and what
//! Maelstrom refuses is not.

use schema_validation::{Schemas, names_in, read_schema, root};
use serde_json::{Value, json};
use std::fs;

#[test]
fn every_schema_file_is_a_draft_07_schema_and_its_examples_are_valid() {
    let mut schemas = Schemas::default();
    let mut examples = 0;
    for file in schema_files() {
        let document = read_schema(&file);
        assert_eq!(document["$schema"], "http://json-schema.org/draft-07/schema#", "{file}");
        schemas.validator(&file, None);
        for example in document["examples"].as_array().into_iter().flatten() {
            schemas.check(&file, None, example, &file);
            examples += 1;
        }
        for definition in document["definitions"].as_object().into_iter().flatten().map(|(_, definition)| definition) {
            let wire_type = definition["properties"]["type"]["const"].as_str();
            assert_eq!(wire_type.is_some(), definition.get("examples").is_some(), "{file}: {definition}");
            for example in definition["examples"].as_array().into_iter().flatten() {
                schemas.check(&file, wire_type, example, &file);
                examples += 1;
            }
        }
    }
    assert!(examples > 80, "{examples} examples");
}

/// All schema files, relative to `schema/`.
fn schema_files() -> Vec<String> {
    let in_folder = |folder: &'static str| {
        names_in(&format!("schema/{folder}"), ".json").into_iter().map(move |name| format!("{folder}{name}.json"))
    };
    ["", "workloads/", "services/"].into_iter().flat_map(in_folder).collect()
}

/// The messages that demo nodes exchange, which no schema describes.
const BETWEEN_NODES: [&str; 7] =
    ["broadcast_many", "broadcast_many_ok", "merge", "merge_ok", "replicate", "replicate_ack", "replicate_full"];

#[test]
fn every_recorded_body_is_valid() {
    let mut schemas = Schemas::default();
    let mut checked = 0;
    for workload in names_in("schema/workloads", ".json") {
        for direction in ["in", "out"] {
            let path = format!("protocol/tests/recordings/{workload}.0.{direction}.jsonl");
            for text in fs::read_to_string(root().join(&path)).unwrap().lines() {
                let line: Value = serde_json::from_str(text).unwrap();
                let wire_type = line["body"]["type"].as_str().unwrap();
                let Some(file) = file_of(&workload, &line, wire_type) else {
                    assert!(BETWEEN_NODES.contains(&wire_type), "{text}");
                    continue;
                };
                schemas.check("envelope.json", None, &line, text);
                schemas.check(&file, Some(wire_type), &line["body"], text);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 1450);
}

/// The schema file of a message; `None` for messages between nodes.
fn file_of(workload: &str, line: &Value, wire_type: &str) -> Option<String> {
    let ends = ["src", "dest"].map(|end| line[end].as_str().unwrap());
    let file = match wire_type {
        _ if ends.iter().all(|end| end.starts_with('n')) => return None,
        "error" => "errors.json",
        "init" | "init_ok" => "init.json",
        _ if ends.iter().any(|end| ["lin-kv", "seq-kv", "lww-kv"].contains(end)) => "services/kv.json",
        _ => return Some(format!("workloads/{workload}.json")),
    };
    Some(file.to_owned())
}

#[test]
fn schemas_refuse_what_maelstrom_refuses() {
    let rows = [
        ("workloads/echo.json", json!({"type": "echo_ok", "in_reply_to": 1, "echo": 1, "text": "closed"})),
        ("workloads/echo.json", json!({"type": "echo_ok", "echo": 1})),
        ("workloads/echo.json", json!({"type": "echo", "msg_id": "1", "echo": 1})),
        ("workloads/kafka.json", json!({"type": "send_ok", "in_reply_to": 1, "offset": 1.5})),
        ("workloads/txn-rw-register.json", json!({"type": "txn_ok", "in_reply_to": 1, "txn": [["append", 1, 2]]})),
        ("errors.json", json!({"type": "error", "in_reply_to": 1, "code": 999})),
    ];
    let mut schemas = Schemas::default();
    for (file, body) in rows {
        let validator = schemas.validator(file, body["type"].as_str());
        assert!(!validator.is_valid(&body), "{file}: {body}");
    }
}
