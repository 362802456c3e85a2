//! The JSON Schema of all messages of a node, in one document. The workload's part is its schema file. The messages
//! between nodes are Rust types: `schemars` describes them, and this module adds the reserved keys.
//!
//! Most payloads never need a schema, so it takes a cargo feature and a word in the attribute of each node. Without them a
//! payload needs nothing but serde.

use crate::{
    generated::{errors, init},
    handler::Handler,
    message::{Payload, Request},
    node_id::NodeId,
};
use schemars::{
    JsonSchema,
    r#gen::{SchemaGenerator, SchemaSettings},
    schema::{InstanceType, Schema, SchemaObject},
};
use serde_json::{Map, Value, json};

/// A node with a JSON Schema of its messages. `#[handler(WORKLOAD, schema)]` implements it; the payloads of the node's
/// `#[message]` and `#[rpc]` functions must then derive `JsonSchema` of schemars 0.8. For a field whose type is of another
/// crate and has no schema, write `#[schemars(with = "...")]`.
///
/// ```
/// use glomers_protocol::{Described, handler, schemars::{self, JsonSchema}, unique_ids::{Generate, GenerateOk}};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default)]
/// struct Counter;
///
/// /// Announces the sender's count.
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Reached { number: u64 }
///
/// #[handler(unique_ids, schema)]
/// impl Counter {
///     fn generate(&self, _: Generate) -> GenerateOk {
/// #       unimplemented!()
///         // ...
///     }
///
///     #[message]
///     fn reached(&self, _: Reached) {
///         // ...
///     }
/// }
///
/// let schema = Counter::schema();
/// let reached = &schema["definitions"]["nodes.reached"];
/// assert_eq!(reached["description"], "Announces the sender's count.");
/// assert_eq!(reached["properties"]["type"]["const"], "reached");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema of its messages",
    label = "no `#[handler(WORKLOAD, schema)] impl {Self}` found"
)]
pub trait Described: Handler {
    /// A draft-07 schema of every body that the node exchanges with clients and other nodes.
    ///
    /// The names of definitions are `WORKLOAD.`, `init.` or `errors.` and the name in the schema file; `nodes.` and the
    /// `type` of a message between nodes; or `nodes.shapes.` and the name of a type inside one. Messages to and from
    /// Maelstrom's services are left out; [`services`](crate::services) has their schemas.
    fn schema() -> Value;
}

pub use serde_json::Value as SchemaValue;

/// The keys that any body may have.
const RESERVED: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// The prefix for the definitions of types inside payloads.
const SHAPES: &str = "nodes.shapes.";

/// A builder of such a schema.
#[derive(Debug)]
pub struct Document {
    workload: String,
    definitions: Map<String, Value>,
    /// References to the definitions that are bodies.
    bodies: Vec<Value>,
    payloads: SchemaGenerator,
}

impl Document {
    /// The messages that every node exchanges with clients, and those of this workload.
    pub fn new(workload: &str, schema: &str) -> Self {
        let payloads = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = format!("#/definitions/{SHAPES}");
        });
        let mut document = Self {
            workload: workload.to_owned(),
            definitions: Map::new(),
            bodies: Vec::new(),
            payloads: payloads.into_generator(),
        };
        document.embed("init", init::SCHEMA);
        document.embed("errors", errors::SCHEMA);
        document.embed(workload, schema);
        document
    }

    /// Adds the definitions of a schema file, with `prefix` before their names.
    fn embed(&mut self, prefix: &str, schema: &str) {
        let mut schema: Value = serde_json::from_str(schema).expect("the build script has read it");
        prefix_references(&mut schema, prefix);
        if let Value::Array(bodies) = schema["oneOf"].take() {
            self.bodies.extend(bodies);
        }
        if let Value::Object(definitions) = schema["definitions"].take() {
            let renamed = definitions.into_iter().map(|(name, definition)| (format!("{prefix}.{name}"), definition));
            self.definitions.extend(renamed);
        }
    }

    /// Adds a message between nodes.
    pub fn message<T: Payload + JsonSchema>(&mut self) {
        self.body::<T>(None);
    }

    /// Adds a request between nodes and its response.
    pub fn rpc<R: Request<Response: JsonSchema> + JsonSchema>(&mut self) {
        let request = self.body::<R>(Some("msg_id"));
        self.definitions[&request]["x-response"] = reference(&format!("nodes.{}", R::Response::TYPE));
        self.body::<R::Response>(Some("in_reply_to"));
    }

    /// Adds a payload with the reserved keys and returns the definition's name.
    fn body<T: Payload + JsonSchema>(&mut self, required: Option<&str>) -> String {
        let payload = T::json_schema(&mut self.payloads);
        self.add(T::TYPE, payload, required)
    }

    /// The same for any payload, compiled once.
    fn add(&mut self, wire_type: &str, payload: Schema, required: Option<&str>) -> String {
        let mut body = json!(payload.into_object());
        self.admit_reserved(&mut body);
        body["type"] = json!("object");
        body["properties"]["type"] = json!({"const": wire_type});
        body["properties"]["msg_id"] = json!({"type": "integer"});
        body["properties"]["in_reply_to"] = json!({"type": "integer"});
        let mut keys = body["required"].as_array().cloned().unwrap_or_default();
        keys.extend(["type"].into_iter().chain(required).map(Value::from));
        body["required"] = Value::from(keys);
        let name = format!("nodes.{wire_type}");
        self.bodies.push(reference(&name));
        self.definitions.insert(name.clone(), body);
        name
    }

    /// Allows the reserved keys in a payload that denies unknown keys. A shape that is a payload as a whole replaces its
    /// reference, because in other places it must stay closed.
    fn admit_reserved(&self, schema: &mut Value) {
        let Some(members) = schema.as_object_mut() else { return };
        let shape = |target: &Value| self.payloads.definitions().get(target.as_str()?.rsplit_once(SHAPES)?.1);
        if let Some(shape) = members.get("$ref").and_then(shape) {
            *schema = json!(shape);
            return self.admit_reserved(schema);
        }
        if members.get("additionalProperties") == Some(&Value::Bool(false)) {
            for key in RESERVED {
                members.entry("properties").or_insert_with(|| json!({}))[key] = json!(true);
            }
        }
        for choice in ["allOf", "anyOf", "oneOf"] {
            for branch in members.get_mut(choice).and_then(Value::as_array_mut).into_iter().flatten() {
                self.admit_reserved(branch);
            }
        }
    }

    /// The document.
    pub fn finish(mut self) -> Value {
        for (name, shape) in self.payloads.take_definitions() {
            self.definitions.insert(format!("{SHAPES}{name}"), json!(shape));
        }
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": format!("{} and the messages between its nodes", self.workload),
            "description": "Every body that a node exchanges with clients and other nodes.",
            "oneOf": self.bodies,
            "definitions": self.definitions,
        })
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/definitions/{name}")})
}

/// Adds `prefix` to each reference to a definition.
fn prefix_references(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str().and_then(|target| target.strip_prefix("#/definitions/")) {
                    Some(name) if key == "$ref" => *member = format!("#/definitions/{prefix}.{name}").into(),
                    _ => prefix_references(member, prefix),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| prefix_references(element, prefix)),
        _ => {}
    }
}

/// A string.
impl JsonSchema for NodeId {
    fn is_referenceable() -> bool {
        false
    }

    fn schema_name() -> String {
        "NodeId".to_owned()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() }.into()
    }
}
