//! The schema of a node is that of its workload, and of the Rust types that its nodes send each other, as they go over
//! the wire. The bodies that fit it are in `protocol/validation`.

use glomers_protocol::{
    Described, Json, NodeId,
    echo::{Echo, EchoOk},
    handler,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeSet, env, fs};

#[derive(Default)]
struct Talker;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    about: Json,
    heard_of: Option<NodeId>,
    parts: Vec<Part>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Part {
    number: u8,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Choice {
    Left { by: u8 },
    Right {},
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Wrapped {
    Part(Part),
    Other { other: bool },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Answer {}

#[handler(echo, schema)]
impl Talker {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn closed(&self, _: Closed) {}

    #[message]
    fn choice(&self, _: Choice) {}

    #[rpc]
    fn ask(&self, _: Wrapped) -> Answer {
        Answer {}
    }
}

/// In `protocol/validation`, bodies are held against the recorded schema.
#[test]
fn the_schema_is_as_recorded() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/described.json");
    let schema = format!("{:#}\n", Talker::schema());
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, &schema).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), schema, "UPDATE_GOLDEN=1 records it anew");
}

#[test]
fn every_reference_leads_somewhere() {
    let schema = Talker::schema();
    let mut targets = BTreeSet::new();
    references(&schema, &mut targets);
    assert!(targets.contains("#/definitions/nodes.ask_ok") && targets.contains("#/definitions/echo.Echo"));
    for target in targets {
        assert!(schema.pointer(target.strip_prefix('#').unwrap()).is_some(), "{target}");
    }
}

/// All references in a schema, those to responses included.
fn references(schema: &Value, targets: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            targets.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, targets));
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, targets)),
        _ => {}
    }
}
