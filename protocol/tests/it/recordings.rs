//! The schemas and the types made of them, held against the real Maelstrom: all that one node of each workload received
//! and wrote in a run. Every body must be valid by its schema and survive decoding and encoding.

use glomers_protocol::{DecodeError, Message, RpcError, init, services};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Decodes a message and encodes it again.
type Recode = fn(&Message<'_>) -> Result<Value, DecodeError>;

/// A schema file, and the code made of it for requests and for responses.
#[derive(Clone, Copy)]
struct Protocol {
    schema: &'static str,
    request: Recode,
    response: Recode,
}

macro_rules! protocol {
    ($schema:literal, $($module:ident)::+) => {
        Protocol {
            schema: $schema,
            request: |message| $($module)::+::Request::decode(message).map(|body| serde_json::to_value(body).unwrap()),
            response: |message| $($module)::+::Response::decode(message).map(|body| serde_json::to_value(body).unwrap()),
        }
    };
}

const INIT: Protocol = protocol!("init.json", init);
const KV: Protocol = protocol!("services/kv.json", services::kv);
const ERROR: Protocol = Protocol {
    schema: "errors.json",
    request: |message| Err(message.unknown_type(&[])),
    response: |message| message.payload::<RpcError>().map(|error| serde_json::to_value(error).unwrap()),
};

/// The messages that demo nodes exchange, which no schema describes.
const BETWEEN_NODES: [&str; 7] =
    ["broadcast_many", "broadcast_many_ok", "merge", "merge_ok", "replicate", "replicate_ack", "replicate_full"];

#[test]
fn every_recorded_body_is_valid_and_survives_decoding() {
    // Workload, the protocol of its clients, and how many bodies of its transcripts are no demo node's own.
    let workloads = [
        ("broadcast", protocol!("workloads/broadcast.json", glomers_protocol::broadcast), 34),
        ("echo", protocol!("workloads/echo.json", glomers_protocol::echo), 116),
        ("g-counter", protocol!("workloads/g-counter.json", glomers_protocol::g_counter), 74),
        ("g-set", protocol!("workloads/g-set.json", glomers_protocol::g_set), 38),
        ("kafka", protocol!("workloads/kafka.json", glomers_protocol::kafka), 352),
        ("lin-kv", protocol!("workloads/lin-kv.json", glomers_protocol::lin_kv), 90),
        ("pn-counter", protocol!("workloads/pn-counter.json", glomers_protocol::pn_counter), 44),
        ("txn-list-append", protocol!("workloads/txn-list-append.json", glomers_protocol::txn_list_append), 494),
        ("txn-rw-register", protocol!("workloads/txn-rw-register.json", glomers_protocol::txn_rw_register), 130),
        ("unique-ids", protocol!("workloads/unique-ids.json", glomers_protocol::unique_ids), 78),
    ];
    let mut schemas = Schemas::default();
    let mut left_over = BTreeSet::new();
    for (workload, clients, expected) in workloads {
        let mut checked = 0;
        for direction in ["in", "out"] {
            let path = format!("tests/recordings/{workload}.0.{direction}.jsonl");
            for line in fs::read_to_string(crate_root().join(&path)).unwrap().lines() {
                let message = Message::parse(line).unwrap_or_else(|error| panic!("{path}: {error}"));
                let Some((protocol, recode)) = route(clients, &message) else {
                    left_over.insert(message.wire_type().to_owned());
                    continue;
                };
                check(&mut schemas, protocol, recode, &message);
                checked += 1;
            }
        }
        assert_eq!(checked, expected, "{workload}");
    }
    assert_eq!(left_over.iter().map(String::as_str).collect::<Vec<_>>(), BETWEEN_NODES);
}

/// The protocol of a message; `None` for messages between nodes.
fn route(clients: Protocol, message: &Message<'_>) -> Option<(Protocol, Recode)> {
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
    Some((protocol, if is_request { protocol.request } else { protocol.response }))
}

fn check(schemas: &mut Schemas, protocol: Protocol, recode: Recode, message: &Message<'_>) {
    let line: Value = serde_json::from_str(message.line()).unwrap();
    let body = &line["body"];
    schemas.check("envelope.json", None, &line, message.line());
    schemas.check(protocol.schema, Some(message.wire_type()), body, message.line());
    let recoded = recode(message).unwrap_or_else(|error| panic!("{error}: {}", message.line()));
    let mut fields = body.as_object().expect("parsed as a message").clone();
    fields.retain(|key, _| !["type", "msg_id", "in_reply_to"].contains(&key.as_str()));
    assert_eq!(recoded, Value::Object(fields), "{}", message.line());
}

#[test]
fn every_schema_file_is_a_draft_07_schema_and_its_examples_are_valid() {
    let mut schemas = Schemas::default();
    let mut examples = 0;
    for file in schema_files() {
        let document = read_schema(&file);
        assert_eq!(document["$schema"], "http://json-schema.org/draft-07/schema#", "{file}");
        jsonschema::draft7::meta::validate(&document).unwrap_or_else(|error| panic!("{file}: {error}"));
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

/// Validators by file and wire type.
#[derive(Default)]
struct Schemas(BTreeMap<(String, Option<String>), jsonschema::Validator>);

impl Schemas {
    /// Validates against the definition of a message, or the whole file.
    fn check(&mut self, file: &str, wire_type: Option<&str>, value: &Value, shown: &str) {
        if let Err(error) = self.validator(file, wire_type).validate(value) {
            panic!("{file}: {error} (at {}): {shown}", error.instance_path());
        }
    }

    fn validator(&mut self, file: &str, wire_type: Option<&str>) -> &jsonschema::Validator {
        let key = (file.to_owned(), wire_type.map(str::to_owned));
        self.0.entry(key).or_insert_with(|| {
            let document = read_schema(file);
            let schema = match wire_type {
                Some(wire_type) => definition(file, &document, wire_type),
                None => document,
            };
            jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{file}: {error}"))
        })
    }
}

/// The definition of the message of type `wire_type`, with all definitions of the file at hand.
fn definition(file: &str, document: &Value, wire_type: &str) -> Value {
    let definitions = document["definitions"].as_object().expect("schema files have definitions");
    let mut names = definitions
        .iter()
        .filter(|(_, definition)| definition["properties"]["type"]["const"] == wire_type)
        .map(|(name, _)| name);
    let name = names.next().unwrap_or_else(|| panic!("{file} has no `{wire_type}`"));
    assert_eq!(names.next(), None, "{file} has two `{wire_type}`");
    json!({"allOf": [{"$ref": format!("#/definitions/{name}")}], "definitions": definitions})
}

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read_schema(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(crate_root().join("schema").join(file)).unwrap()).unwrap()
}

/// All schema files, relative to `schema/`.
fn schema_files() -> Vec<String> {
    let mut files = Vec::new();
    for folder in ["", "workloads/", "services/"] {
        for entry in fs::read_dir(crate_root().join("schema").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".json") {
                files.push(format!("{folder}{name}"));
            }
        }
    }
    files
}
