//! Schemas for new workloads, messages and fields, written from the documents. Descriptions are neutral sentences that
//! a person should replace, and examples are the simplest that fit: the text of the documents is not ours to copy.

use crate::{
    import::{
        examples::sample,
        model::{Field, Item, Message, Role, Rpc, Shape, Variant},
        ordered_json::OrderedJson,
    },
    names::GENERATED_ITEMS,
};
use heck::{ToSnakeCase, ToUpperCamelCase};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The file of a new workload.
pub(crate) fn workload(name: &str, rpcs: &[Rpc]) -> OrderedJson {
    let mut document = OrderedJson::object([
        ("$schema", "http://json-schema.org/draft-07/schema#".into()),
        ("title", name.into()),
        ("description", format!("Workload `{name}` of Maelstrom.").as_str().into()),
        ("oneOf", OrderedJson::Array(Vec::new())),
        ("definitions", OrderedJson::Object(IndexMap::new())),
    ]);
    for new in rpcs {
        rpc(&mut document, name, new);
    }
    document
}

/// Adds the two messages of an RPC after the existing ones.
pub(crate) fn rpc(document: &mut OrderedJson, workload: &str, rpc: &Rpc) {
    let definitions = document.members("definitions");
    let [request, response] = [&rpc.request, &rpc.response].map(|message| free_name(definitions, &message.wire_type));
    message(document, &request, workload, &rpc.request, Some(&response));
    message(document, &response, workload, &rpc.response, None);
}

/// Adds a message. It is a request if it has a response.
fn message(document: &mut OrderedJson, name: &str, workload: &str, message: &Message, response: Option<&str>) {
    let entries = document.elements("oneOf");
    let before = entries.last().and_then(definition_of);
    entries.push(OrderedJson::reference(name));
    let definitions = document.members("definitions");
    let place = before.and_then(|before| definitions.get_index_of(&before)).map_or(0, |index| index + 1);
    // Reserves the name before the shapes choose theirs.
    definitions.shift_insert(place, name.to_owned(), OrderedJson::Object(IndexMap::new()));
    let role = if response.is_some() { Role::Request } else { Role::Response };
    let mut writer = ShapeWriter::new(definitions, role, &message.wire_type);
    let fields = message.fields.iter().map(|field| (field.name.clone(), writer.property(field))).collect();
    let body = body(workload, message, response, fields);
    definitions.insert(name.to_owned(), body);
}

fn body(workload: &str, message: &Message, response: Option<&str>, fields: Vec<(String, OrderedJson)>) -> OrderedJson {
    let wire_type = message.wire_type.as_str();
    let (role, id) = if response.is_some() { ("Request", "msg_id") } else { ("Response", "in_reply_to") };
    let required = message.fields.iter().filter(|field| field.required);
    let names = ["type", id].into_iter().chain(required.clone().map(|field| field.name.as_str()));
    let integer = || OrderedJson::object([("type", "integer".into())]);
    let mut properties =
        OrderedJson::object([("type", OrderedJson::object([("const", wire_type.into())])), ("msg_id", integer())]);
    properties.set(id, integer());
    fields.into_iter().for_each(|(name, field)| properties.set(&name, field));
    let mut example = OrderedJson::object([("type", wire_type.into()), (id, OrderedJson::from(&json!(1)))]);
    required.for_each(|field| example.set(&field.name, OrderedJson::from(&sample(&field.shape))));

    let description = format!("{role} `{wire_type}` of workload `{workload}`.");
    let mut body = OrderedJson::object([
        ("description", description.as_str().into()),
        ("type", "object".into()),
        ("required", OrderedJson::Array(names.map(OrderedJson::from).collect())),
    ]);
    match response {
        Some(response) => {
            body.set("properties", properties);
            body.set("x-response", OrderedJson::reference(response));
        }
        None => {
            body.set("additionalProperties", OrderedJson::from(&Value::Bool(false)));
            body.set("properties", properties);
        }
    }
    body.set("examples", OrderedJson::Array(vec![example]));
    body
}

/// The name of the definition that a reference refers to.
pub(crate) fn definition_of(reference: &OrderedJson) -> Option<String> {
    reference.get("$ref")?.text()?.strip_prefix("#/definitions/").map(str::to_owned)
}

/// A name for a definition that neither another definition nor a generated item has.
pub(crate) fn free_name(definitions: &IndexMap<String, OrderedJson>, text: &str) -> String {
    let mut name = text.to_upper_camel_case();
    if GENERATED_ITEMS.contains(&name.as_str()) {
        name.push_str("Body");
    }
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !definitions.contains_key(name)).expect("there is always another number")
}

/// Writes the shapes of a message's fields. Shapes that need a name become definitions.
pub(crate) struct ShapeWriter<'a> {
    pub(crate) definitions: &'a mut IndexMap<String, OrderedJson>,
    role: Role,
    wire_type: &'a str,
    /// The current field.
    field: String,
}

impl<'a> ShapeWriter<'a> {
    pub(crate) fn new(definitions: &'a mut IndexMap<String, OrderedJson>, role: Role, wire_type: &'a str) -> Self {
        Self { definitions, role, wire_type, field: String::new() }
    }

    /// Sets the current field.
    pub(crate) fn name_field(&mut self, name: &str) {
        name.clone_into(&mut self.field);
    }

    /// The schema of a field, with a description.
    pub(crate) fn property(&mut self, field: &Field) -> OrderedJson {
        self.name_field(&field.name);
        let mut property = OrderedJson::object([("description", self.describe("Field").as_str().into())]);
        merge(&mut property, self.shape(&field.shape));
        property
    }

    /// "Field `offsets` of request `poll`."
    fn describe(&self, subject: &str) -> String {
        let Self { role, wire_type, field, .. } = self;
        format!("{subject} `{field}` of {role} `{wire_type}`.")
    }

    pub(crate) fn shape(&mut self, shape: &Shape) -> OrderedJson {
        let simple = |name: &str| OrderedJson::object([("type", name.into())]);
        match shape {
            Shape::Any => OrderedJson::Object(IndexMap::new()),
            Shape::Integer => simple("integer"),
            Shape::String => simple("string"),
            Shape::Boolean => simple("boolean"),
            Shape::Null => OrderedJson::object([("const", OrderedJson::from(&Value::Null))]),
            Shape::Nullable(inner) => {
                let mut inner = self.shape(inner);
                if let Some(kind) = inner.get("type").cloned() {
                    inner.set("type", OrderedJson::Array(vec![kind, "null".into()]));
                }
                inner
            }
            Shape::List(element) => OrderedJson::object([("type", "array".into()), ("items", self.shape(element))]),
            Shape::Map(value) => {
                OrderedJson::object([("type", "object".into()), ("additionalProperties", self.shape(value))])
            }
            Shape::Object(fields) => self.object(fields),
            Shape::Tuple(items) => tuple(items.iter().map(|item| self.item(item)).collect()),
            Shape::Tagged(variants) => {
                let variants = variants.iter().map(|variant| self.variant(variant)).collect();
                self.define(
                    "One of the alternatives in",
                    OrderedJson::object([("oneOf", OrderedJson::Array(variants))]),
                )
            }
            Shape::Enum(strings) => {
                let strings = strings.iter().map(|string| string.as_str().into()).collect();
                OrderedJson::object([("type", "string".into()), ("enum", OrderedJson::Array(strings))])
            }
        }
    }

    fn object(&mut self, fields: &[Field]) -> OrderedJson {
        let outer = std::mem::take(&mut self.field);
        let mut object = OrderedJson::object([("type", "object".into())]);
        let required = fields.iter().filter(|field| field.required).map(|field| field.name.as_str().into());
        object.set("required", OrderedJson::Array(required.collect()));
        if self.role == Role::Response {
            object.set("additionalProperties", OrderedJson::from(&Value::Bool(false)));
        }
        let properties = fields.iter().map(|field| (field.name.clone(), self.property(field))).collect();
        object.set("properties", OrderedJson::Object(properties));
        self.field = outer;
        object
    }

    /// An item of a tuple without a tag.
    pub(crate) fn item(&mut self, item: &Item) -> OrderedJson {
        let mut titled = OrderedJson::object([("title", item.name.as_str().into())]);
        merge(&mut titled, self.shape(&item.shape));
        titled
    }

    /// A tagged tuple.
    pub(crate) fn variant(&mut self, variant: &Variant) -> OrderedJson {
        let mut items = vec![OrderedJson::object([("const", variant.tag.as_str().into())])];
        items.extend(variant.items.iter().enumerate().map(|(index, item)| self.tagged_item(index, item)));
        let mut alternative = OrderedJson::object([
            ("title", variant.tag.to_upper_camel_case().as_str().into()),
            ("description", format!("Alternative `{}`.", variant.tag).as_str().into()),
        ]);
        merge(&mut alternative, tuple(items));
        alternative
    }

    /// An item after a tag. It has a name; its shape becomes a definition unless it is simple.
    pub(crate) fn tagged_item(&mut self, index: usize, item: &Item) -> OrderedJson {
        let name = if item.name.is_empty() { format!("item_{}", index + 1) } else { item.name.to_snake_case() };
        let description = format!("Item `{name}`.");
        let mut tagged =
            OrderedJson::object([("title", name.as_str().into()), ("description", description.as_str().into())]);
        let shape = self.nameable(&item.shape);
        merge(&mut tagged, shape);
        tagged
    }

    fn nameable(&mut self, shape: &Shape) -> OrderedJson {
        match shape {
            Shape::List(element) => {
                let element = self.nameable(element);
                OrderedJson::object([("type", "array".into()), ("items", element)])
            }
            Shape::Map(_) | Shape::Object(_) | Shape::Tuple(_) | Shape::Enum(_) => {
                let shape = self.shape(shape);
                self.define("A part of", shape)
            }
            shape => self.shape(shape),
        }
    }

    /// Turns a shape into a definition and returns a reference to it.
    fn define(&mut self, subject: &str, shape: OrderedJson) -> OrderedJson {
        let name = free_name(self.definitions, &format!("{}_{}", self.wire_type, self.field));
        let description = self.describe(&format!("{subject} field"));
        let mut definition = OrderedJson::object([("description", description.as_str().into())]);
        merge(&mut definition, shape);
        self.definitions.insert(name.clone(), definition);
        OrderedJson::reference(&name)
    }
}

/// An array that has exactly these items.
pub(crate) fn tuple(items: Vec<OrderedJson>) -> OrderedJson {
    let count = || OrderedJson::from(&json!(items.len()));
    let bounds = [("minItems", count()), ("maxItems", count())];
    let mut tuple = OrderedJson::object([("type", "array".into()), ("items", OrderedJson::Array(items))]);
    bounds.into_iter().for_each(|(bound, count)| tuple.set(bound, count));
    tuple
}

/// Adds the members of one object to another.
pub(crate) fn merge(object: &mut OrderedJson, other: OrderedJson) {
    if let OrderedJson::Object(members) = other {
        members.into_iter().for_each(|(key, value)| object.set(&key, value));
    }
}
