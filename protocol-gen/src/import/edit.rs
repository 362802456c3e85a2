//! Applies differences to schema files. Everything that the documents cannot express stays.

use crate::{
    import::{
        differences::{CodeChange, WorkloadChange},
        examples::update,
        new_schema::{self, ShapeWriter, definition_of, free_name},
        ordered_json::OrderedJson,
        reshape::Reshape,
    },
    schema::RESERVED,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Changes the file of a workload.
pub(crate) fn workload(document: &mut OrderedJson, workload: &str, change: &WorkloadChange) {
    match change {
        WorkloadChange::RpcAdded(rpc) => new_schema::rpc(document, workload, rpc),
        WorkloadChange::RpcRemoved(request) => remove_rpc(document, request),
        WorkloadChange::Response { from, to, .. } => rename_message(document, from, to),
        WorkloadChange::Field { role, wire_type, change } => {
            let Some(name) = definition(document, wire_type) else { return };
            let uses = uses(document);
            let definitions = document.members("definitions");
            let Some(mut message) = definitions.get(&name).cloned() else { return };
            let writer = ShapeWriter::new(definitions, *role, wire_type);
            Reshape { writer, uses: &uses }.field(&mut message, change);
            message.elements("examples").iter_mut().for_each(|example| update(example, change));
            definitions.insert(name, message);
        }
    }
    remove_unused(document);
}

/// Changes the definition `name` of error codes.
pub(crate) fn code(document: &mut OrderedJson, name: &str, number: i64, change: &CodeChange) {
    let Some(definition) = document.members("definitions").get_mut(name) else { return };
    let codes = definition.elements("oneOf");
    let number_of = |code: &OrderedJson| code.get("const").and_then(|number| number.value().as_i64());
    let place = codes.iter().position(|code| number_of(code) == Some(number));
    match (change, place) {
        (CodeChange::Added(code), _) => {
            // Sorted by number. The alternative for all other numbers stays last.
            let place = codes.iter().position(|code| number_of(code).is_none_or(|other| other > number));
            let description = format!("Error {number} of Maelstrom.");
            let new = OrderedJson::object([
                ("const", OrderedJson::from(&json!(number))),
                ("title", code.name.as_str().into()),
                ("x-definite", OrderedJson::from(&Value::Bool(code.definite))),
                ("description", description.as_str().into()),
            ]);
            codes.insert(place.unwrap_or(codes.len()), new);
        }
        (CodeChange::Removed(_), Some(place)) => _ = codes.remove(place),
        (CodeChange::Renamed { to, .. }, Some(place)) => codes[place].set("title", to.as_str().into()),
        (CodeChange::Definite { definite, .. }, Some(place)) => {
            codes[place].set("x-definite", OrderedJson::from(&Value::Bool(*definite)));
        }
        (_, None) => unreachable!("the schema reader found this number"),
    }
}

/// The name of a message's definition.
fn definition(document: &OrderedJson, wire_type: &str) -> Option<String> {
    let Some(OrderedJson::Object(definitions)) = document.get("definitions") else { return None };
    let type_of = |message: &OrderedJson| message.get("properties")?.get("type")?.get("const")?.text();
    definitions.iter().find(|(_, message)| type_of(message).as_deref() == Some(wire_type)).map(|(name, _)| name.clone())
}

/// Removes a request and its response.
fn remove_rpc(document: &mut OrderedJson, request: &str) {
    let Some(request) = definition(document, request) else { return };
    let definitions = document.members("definitions");
    let response = definitions.get(&request).and_then(|message| definition_of(message.get("x-response")?));
    let removed = [Some(request), response];
    document.elements("oneOf").retain(|entry| !removed.contains(&definition_of(entry)));
}

/// Changes the type of a message, and the name of its definition accordingly.
fn rename_message(document: &mut OrderedJson, from: &str, to: &str) {
    let Some(old) = definition(document, from) else { return };
    let [type_key, ..] = RESERVED;
    let definitions = document.members("definitions");
    let new = free_name(definitions, to);
    if let Some(message) = definitions.get_mut(&old) {
        *message.members("properties").entry(type_key.to_owned()).or_insert_with(|| "".into()) =
            OrderedJson::object([("const", to.into())]);
        message.elements("examples").iter_mut().for_each(|example| example.set(type_key, to.into()));
    }
    if let Some(definitions) = document.get_mut("definitions") {
        definitions.rename(&old, &new);
    }
    replace_references(document, &OrderedJson::reference(&old), &OrderedJson::reference(&new));
}

fn replace_references(value: &mut OrderedJson, from: &OrderedJson, to: &OrderedJson) {
    match value {
        value if value == from => *value = to.clone(),
        OrderedJson::Object(members) => members.values_mut().for_each(|member| replace_references(member, from, to)),
        OrderedJson::Array(elements) => elements.iter_mut().for_each(|element| replace_references(element, from, to)),
        OrderedJson::Scalar(_) => {}
    }
}

/// The number of references to each definition.
fn uses(value: &OrderedJson) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        if let Some(name) = definition_of(value) {
            *uses.entry(name).or_default() += 1;
        }
        match value {
            OrderedJson::Object(members) => pending.extend(members.values()),
            OrderedJson::Array(elements) => pending.extend(elements),
            OrderedJson::Scalar(_) => {}
        }
    }
    uses
}

/// Removes definitions without a reference.
fn remove_unused(document: &mut OrderedJson) {
    loop {
        let uses = uses(document);
        let definitions = document.members("definitions");
        let before = definitions.len();
        definitions.retain(|name, _| uses.contains_key(name));
        if definitions.len() == before {
            return;
        }
    }
}
