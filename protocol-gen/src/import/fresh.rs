//! Schemas of what no schema file has yet, written from what the documents say. Descriptions are neutral sentences to be
//! replaced by better ones, and examples the simplest that fit: the documents' own words are not ours to copy.

use super::{
    examples::sample,
    json::Json,
    model::{Field, Item, Message, Role, Rpc, Shape, Variant},
};
use heck::{ToSnakeCase, ToUpperCamelCase};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The file of a new workload.
pub(crate) fn workload(name: &str, rpcs: &[Rpc]) -> Json {
    let mut document = Json::object([
        ("$schema", "http://json-schema.org/draft-07/schema#".into()),
        ("title", name.into()),
        ("description", format!("Workload `{name}` of Maelstrom.").as_str().into()),
        ("oneOf", Json::Array(Vec::new())),
        ("definitions", Json::Object(IndexMap::new())),
    ]);
    for new in rpcs {
        rpc(&mut document, name, new);
    }
    document
}

/// Adds the two messages of an RPC behind those that are there.
pub(crate) fn rpc(document: &mut Json, workload: &str, rpc: &Rpc) {
    let definitions = document.members("definitions");
    let [request, response] = [&rpc.request, &rpc.response].map(|message| free_name(definitions, &message.wire_type));
    message(document, &request, workload, &rpc.request, Some(&response));
    message(document, &response, workload, &rpc.response, None);
}

/// Adds a message: a request if it has a response.
fn message(document: &mut Json, name: &str, workload: &str, message: &Message, response: Option<&str>) {
    let entries = document.elements("oneOf");
    let before = entries.last().and_then(definition_of);
    entries.push(Json::reference(name));
    let definitions = document.members("definitions");
    let place = before.and_then(|before| definitions.get_index_of(&before)).map_or(0, |index| index + 1);
    // The name is taken before the shapes look for theirs.
    definitions.shift_insert(place, name.to_owned(), Json::Object(IndexMap::new()));
    let role = if response.is_some() { Role::Request } else { Role::Response };
    let mut fresh = Fresh::new(definitions, role, &message.wire_type);
    let fields = message.fields.iter().map(|field| (field.name.clone(), fresh.property(field))).collect();
    let body = body(workload, message, response, fields);
    definitions.insert(name.to_owned(), body);
}

fn body(workload: &str, message: &Message, response: Option<&str>, fields: Vec<(String, Json)>) -> Json {
    let wire_type = message.wire_type.as_str();
    let (role, id) = if response.is_some() { ("Request", "msg_id") } else { ("Response", "in_reply_to") };
    let required = message.fields.iter().filter(|field| field.required);
    let names = ["type", id].into_iter().chain(required.clone().map(|field| field.name.as_str()));
    let integer = || Json::object([("type", "integer".into())]);
    let mut properties = Json::object([("type", Json::object([("const", wire_type.into())])), ("msg_id", integer())]);
    properties.set(id, integer());
    fields.into_iter().for_each(|(name, field)| properties.set(&name, field));
    let mut example = Json::object([("type", wire_type.into()), (id, Json::from(&json!(1)))]);
    required.for_each(|field| example.set(&field.name, Json::from(&sample(&field.shape))));

    let description = format!("{role} `{wire_type}` of workload `{workload}`.");
    let mut body = Json::object([
        ("description", description.as_str().into()),
        ("type", "object".into()),
        ("required", Json::Array(names.map(Json::from).collect())),
    ]);
    match response {
        Some(response) => {
            body.set("properties", properties);
            body.set("x-response", Json::reference(response));
        }
        None => {
            body.set("additionalProperties", Json::from(&Value::Bool(false)));
            body.set("properties", properties);
        }
    }
    body.set("examples", Json::Array(vec![example]));
    body
}

/// The definition that a reference names.
pub(crate) fn definition_of(reference: &Json) -> Option<String> {
    reference.get("$ref")?.text()?.strip_prefix("#/definitions/").map(str::to_owned)
}

/// A name for a definition that neither another definition nor the generated code has.
pub(crate) fn free_name(definitions: &IndexMap<String, Json>, words: &str) -> String {
    let mut name = words.to_upper_camel_case();
    if crate::payload::OWN_NAMES.contains(&name.as_str()) {
        name.push_str("Body");
    }
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !definitions.contains_key(name)).expect("there is always another number")
}

/// Writes the shapes of a message's fields. Shapes that need a name become definitions.
pub(crate) struct Fresh<'a> {
    pub(crate) definitions: &'a mut IndexMap<String, Json>,
    role: Role,
    wire_type: &'a str,
    /// The field at hand.
    field: String,
}

impl<'a> Fresh<'a> {
    pub(crate) fn new(definitions: &'a mut IndexMap<String, Json>, role: Role, wire_type: &'a str) -> Self {
        Self { definitions, role, wire_type, field: String::new() }
    }

    /// Says which field is at hand.
    pub(crate) fn name_field(&mut self, name: &str) {
        name.clone_into(&mut self.field);
    }

    /// A field with a sentence about it.
    pub(crate) fn property(&mut self, field: &Field) -> Json {
        self.name_field(&field.name);
        let mut property = Json::object([("description", self.describe("Field").as_str().into())]);
        merge(&mut property, self.shape(&field.shape));
        property
    }

    /// "Field `offsets` of request `poll`."
    fn describe(&self, what: &str) -> String {
        let Self { role, wire_type, field, .. } = self;
        format!("{what} `{field}` of {role} `{wire_type}`.")
    }

    pub(crate) fn shape(&mut self, shape: &Shape) -> Json {
        let plain = |word: &str| Json::object([("type", word.into())]);
        match shape {
            Shape::Any => Json::Object(IndexMap::new()),
            Shape::Integer => plain("integer"),
            Shape::String => plain("string"),
            Shape::Boolean => plain("boolean"),
            Shape::Null => Json::object([("const", Json::from(&Value::Null))]),
            Shape::Nullable(inner) => {
                let mut inner = self.shape(inner);
                if let Some(kind) = inner.get("type").cloned() {
                    inner.set("type", Json::Array(vec![kind, "null".into()]));
                }
                inner
            }
            Shape::List(element) => Json::object([("type", "array".into()), ("items", self.shape(element))]),
            Shape::Map(value) => Json::object([("type", "object".into()), ("additionalProperties", self.shape(value))]),
            Shape::Object(fields) => self.object(fields),
            Shape::Tuple(items) => tuple(items.iter().map(|item| self.item(item)).collect()),
            Shape::Tagged(variants) => {
                let variants = variants.iter().map(|variant| self.variant(variant)).collect();
                self.define("One of the alternatives in", Json::object([("oneOf", Json::Array(variants))]))
            }
            Shape::Words(words) => {
                let words = words.iter().map(|word| word.as_str().into()).collect();
                Json::object([("type", "string".into()), ("enum", Json::Array(words))])
            }
        }
    }

    fn object(&mut self, fields: &[Field]) -> Json {
        let of = std::mem::take(&mut self.field);
        let mut object = Json::object([("type", "object".into())]);
        let required = fields.iter().filter(|field| field.required).map(|field| field.name.as_str().into());
        object.set("required", Json::Array(required.collect()));
        if self.role == Role::Response {
            object.set("additionalProperties", Json::from(&Value::Bool(false)));
        }
        let properties = fields.iter().map(|field| (field.name.clone(), self.property(field))).collect();
        object.set("properties", Json::Object(properties));
        self.field = of;
        object
    }

    /// An item of a tuple without a tag.
    pub(crate) fn item(&mut self, item: &Item) -> Json {
        let mut titled = Json::object([("title", item.name.as_str().into())]);
        merge(&mut titled, self.shape(&item.shape));
        titled
    }

    /// A tagged tuple.
    pub(crate) fn variant(&mut self, variant: &Variant) -> Json {
        let mut items = vec![Json::object([("const", variant.tag.as_str().into())])];
        items.extend(variant.items.iter().enumerate().map(|(index, item)| self.tagged_item(index, item)));
        let mut alternative = Json::object([
            ("title", variant.tag.to_upper_camel_case().as_str().into()),
            ("description", format!("Alternative `{}`.", variant.tag).as_str().into()),
        ]);
        merge(&mut alternative, tuple(items));
        alternative
    }

    /// An item behind a tag. It has a name, and so has its shape, unless that is a simple one.
    pub(crate) fn tagged_item(&mut self, index: usize, item: &Item) -> Json {
        let name = if item.name.is_empty() { format!("item_{}", index + 1) } else { item.name.to_snake_case() };
        let description = format!("Item `{name}`.");
        let mut tagged = Json::object([("title", name.as_str().into()), ("description", description.as_str().into())]);
        let shape = self.nameable(&item.shape);
        merge(&mut tagged, shape);
        tagged
    }

    fn nameable(&mut self, shape: &Shape) -> Json {
        match shape {
            Shape::List(element) => {
                let element = self.nameable(element);
                Json::object([("type", "array".into()), ("items", element)])
            }
            Shape::Map(_) | Shape::Object(_) | Shape::Tuple(_) | Shape::Words(_) => {
                let shape = self.shape(shape);
                self.define("A part of", shape)
            }
            shape => self.shape(shape),
        }
    }

    /// Makes a shape a definition and refers to it.
    fn define(&mut self, what: &str, shape: Json) -> Json {
        let name = free_name(self.definitions, &format!("{}_{}", self.wire_type, self.field));
        let about = self.describe(&format!("{what} field"));
        let mut definition = Json::object([("description", about.as_str().into())]);
        merge(&mut definition, shape);
        self.definitions.insert(name.clone(), definition);
        Json::reference(&name)
    }
}

/// An array that has exactly these items.
pub(crate) fn tuple(items: Vec<Json>) -> Json {
    let count = || Json::from(&json!(items.len()));
    let bounds = [("minItems", count()), ("maxItems", count())];
    let mut tuple = Json::object([("type", "array".into()), ("items", Json::Array(items))]);
    bounds.into_iter().for_each(|(bound, count)| tuple.set(bound, count));
    tuple
}

/// Adds the members of one object to another.
pub(crate) fn merge(object: &mut Json, other: Json) {
    if let Json::Object(members) = other {
        members.into_iter().for_each(|(key, value)| object.set(&key, value));
    }
}
