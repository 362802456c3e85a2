//! The schema of a node is that of its workload, and of the Rust types that its nodes send each other, as they go over
//! the wire.

use glomers_protocol::{
    Described, Json, NodeId,
    echo::{Echo, EchoOk},
    handler,
    schemars::{self, JsonSchema},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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

#[test]
fn bodies_fit_as_they_are_sent() {
    let schema = Talker::schema();
    jsonschema::draft7::meta::validate(&schema).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
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
