//! Applies differences to schema files. What the documents cannot say stays as it is.

use super::{
    differences::{CodeChange, WorkloadChange},
    examples::mend,
    fresh::{self, Fresh, definition_of, free_name},
    json::Json,
    reshape::Reshape,
};
use crate::schema::RESERVED;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Changes the file of a workload.
pub(crate) fn workload(document: &mut Json, workload: &str, change: &WorkloadChange) {
    match change {
        WorkloadChange::RpcAdded(rpc) => fresh::rpc(document, workload, rpc),
        WorkloadChange::RpcRemoved(request) => remove_rpc(document, request),
        WorkloadChange::Response { from, to, .. } => rename_message(document, from, to),
        WorkloadChange::Field { role, wire_type, change } => {
            let Some(name) = definition(document, wire_type) else { return };
            let uses = uses(document);
            let definitions = document.members("definitions");
            let Some(mut message) = definitions.get(&name).cloned() else { return };
            let fresh = Fresh::new(definitions, *role, wire_type);
            Reshape { fresh, uses: &uses }.field(&mut message, change);
            message.elements("examples").iter_mut().for_each(|example| mend(example, change));
            definitions.insert(name, message);
        }
    }
    sweep(document);
}

/// Changes the definition `name` of error codes.
pub(crate) fn code(document: &mut Json, name: &str, number: i64, change: &CodeChange) {
    let Some(definition) = document.members("definitions").get_mut(name) else { return };
    let codes = definition.elements("oneOf");
    let number_of = |code: &Json| code.get("const").and_then(|number| number.value().as_i64());
    let place = codes.iter().position(|code| number_of(code) == Some(number));
    match (change, place) {
        (CodeChange::Added(code), _) => {
            // In the order of the numbers; the alternative for all others stays last.
            let place = codes.iter().position(|code| number_of(code).is_none_or(|other| other > number));
            let description = format!("Error {number} of Maelstrom.");
            let new = Json::object([
                ("const", Json::from(&json!(number))),
                ("title", code.name.as_str().into()),
                ("x-definite", Json::from(&Value::Bool(code.definite))),
                ("description", description.as_str().into()),
            ]);
            codes.insert(place.unwrap_or(codes.len()), new);
        }
        (CodeChange::Removed(_), Some(place)) => _ = codes.remove(place),
        (CodeChange::Renamed { to, .. }, Some(place)) => codes[place].set("title", to.as_str().into()),
        (CodeChange::Definite { definite, .. }, Some(place)) => {
            codes[place].set("x-definite", Json::from(&Value::Bool(*definite)));
        }
        (_, None) => unreachable!("the schema reader found this number"),
    }
}

/// The name of a message's definition.
fn definition(document: &Json, wire_type: &str) -> Option<String> {
    let Some(Json::Object(definitions)) = document.get("definitions") else { return None };
    let type_of = |message: &Json| message.get("properties")?.get("type")?.get("const")?.text();
    definitions.iter().find(|(_, message)| type_of(message).as_deref() == Some(wire_type)).map(|(name, _)| name.clone())
}

/// Removes a request and its response.
fn remove_rpc(document: &mut Json, request: &str) {
    let Some(request) = definition(document, request) else { return };
    let definitions = document.members("definitions");
    let response = definitions.get(&request).and_then(|message| definition_of(message.get("x-response")?));
    let gone = [Some(request), response];
    document.elements("oneOf").retain(|entry| !gone.contains(&definition_of(entry)));
}

/// Gives a message another type, and its definition the name that goes with it.
fn rename_message(document: &mut Json, from: &str, to: &str) {
    let Some(old) = definition(document, from) else { return };
    let [type_key, ..] = RESERVED;
    let definitions = document.members("definitions");
    let new = free_name(definitions, to);
    if let Some(message) = definitions.get_mut(&old) {
        *message.members("properties").entry(type_key.to_owned()).or_insert_with(|| "".into()) =
            Json::object([("const", to.into())]);
        message.elements("examples").iter_mut().for_each(|example| example.set(type_key, to.into()));
    }
    if let Some(definitions) = document.get_mut("definitions") {
        definitions.rename(&old, &new);
    }
    refer_elsewhere(document, &Json::reference(&old), &Json::reference(&new));
}

fn refer_elsewhere(value: &mut Json, from: &Json, to: &Json) {
    match value {
        value if value == from => *value = to.clone(),
        Json::Object(members) => members.values_mut().for_each(|member| refer_elsewhere(member, from, to)),
        Json::Array(elements) => elements.iter_mut().for_each(|element| refer_elsewhere(element, from, to)),
        Json::Scalar(_) => {}
    }
}

/// How often each definition is referred to.
fn uses(value: &Json) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        if let Some(name) = definition_of(value) {
            *uses.entry(name).or_default() += 1;
        }
        match value {
            Json::Object(members) => pending.extend(members.values()),
            Json::Array(elements) => pending.extend(elements),
            Json::Scalar(_) => {}
        }
    }
    uses
}

/// Removes definitions that nothing refers to any more.
fn sweep(document: &mut Json) {
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
