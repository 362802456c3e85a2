//! Prepares schemas for typify. A schema without one exact meaning in Rust is refused here, with file and pointer.
//!
//! typify does not check its input: it panics at some schemas and gives others a different meaning. It turns a property
//! that is only a `const` into an unchecked `serde_json::Value`. It turns alternatives into an untagged enum, which can
//! mistake one message for another and cannot hold verbatim JSON. It turns "any value" into a value that is parsed and
//! written again, so its text may change.

use crate::{cursor::Cursor, error::Error, names, schema::Schema};
use serde_json::{Map, Value, json};

/// The error about alternatives that are neither tagged tuples nor integer codes.
pub(crate) const UNTAGGED: &str =
    "alternatives are supported only as a definition of their own, of tagged tuples or of integer codes";

/// Keywords without effect on the type. The pairing, `x-response`, is read elsewhere.
const ANNOTATIONS: [&str; 4] = ["title", "description", "examples", "x-response"];

/// Copies a schema for typify, without the properties in `hidden` and without annotations. "Any value" becomes a
/// reference to the definition `Json`. Keywords that typify would ignore, or turn into an inexact type, are refused.
pub(crate) fn prepare(schema: &Schema<'_>, value: &Cursor<'_>, hidden: &[&str]) -> Result<Value, Error> {
    let mut copy = Map::new();
    if let Some(description) = value.get("description") {
        copy.insert("description".to_owned(), description.text()?.into());
    }
    if value.get("$ref").is_some() {
        value.only(&["$ref", "description"])?;
        let name = value.definition_name()?;
        if schema.messages.iter().any(|message| message.name == name) {
            return Err(value.fail(format!(
                "`{name}` is a message, which cannot be part of a message; define the part separately"
            )));
        }
        // Keywords beside `$ref` have no effect, so the description needs a reference inside `allOf`.
        copy.insert("allOf".to_owned(), json!([{"$ref": value.value()["$ref"]}]));
        return Ok(copy.into());
    }
    for keyword in ["const", "oneOf", "anyOf", "allOf"] {
        match value.get(keyword) {
            Some(found) if keyword == "const" => {
                return Err(found.fail("a constant is supported only as `type` and in tagged tuples"));
            }
            Some(found) => return Err(found.fail(UNTAGGED)),
            None => {}
        }
    }
    if value.get("enum").is_some() {
        return string_enum(value, copy);
    }
    if value.members()?.iter().all(|(keyword, _)| ANNOTATIONS.contains(keyword)) {
        copy.insert("allOf".to_owned(), any_value()["allOf"].clone());
        return Ok(copy.into());
    }
    let (kind, _) = value.kind()?;
    copy.insert("type".to_owned(), value.value()["type"].clone());
    match kind {
        "object" => object(schema, value, hidden, &mut copy)?,
        "array" => array(schema, value, &mut copy)?,
        _ => value.only(&[&ANNOTATIONS[..], &["type"]].concat())?,
    }
    Ok(copy.into())
}

fn any_value() -> Value {
    json!({"allOf": [{"$ref": "#/definitions/Json"}]})
}

/// `enum`: one of several strings.
fn string_enum(value: &Cursor<'_>, mut copy: Map<String, Value>) -> Result<Value, Error> {
    value.only(&[&ANNOTATIONS[..], &["type", "enum"]].concat())?;
    if let Some(kind) = value.get("type").filter(|kind| kind.value() != "string") {
        return Err(kind.fail(format!("found {}, expected `string`, the type of every `enum`", kind.value())));
    }
    let strings = value.want("enum")?;
    strings.elements()?.iter().try_for_each(|string| string.text().map(drop))?;
    copy.insert("type".to_owned(), "string".into());
    copy.insert("enum".to_owned(), strings.value().clone());
    Ok(copy.into())
}

/// An object with named properties, or a map whose values all have one schema.
fn object(
    schema: &Schema<'_>,
    value: &Cursor<'_>,
    hidden: &[&str],
    copy: &mut Map<String, Value>,
) -> Result<(), Error> {
    let keywords = ["type", "properties", "required", "additionalProperties", "propertyNames"];
    value.only(&[&ANNOTATIONS[..], &keywords].concat())?;
    let others = value.get("additionalProperties");
    let Some(properties) = value.get("properties") else {
        let values = match others {
            Some(values) if values.value().is_object() => prepare(schema, &values, &[])?,
            Some(closed) if closed.value() == false => {
                return Err(closed.fail("the object cannot have any key; add `properties` or remove it"));
            }
            _ => any_value(),
        };
        copy.insert("additionalProperties".to_owned(), values);
        if let Some(names) = value.get("propertyNames") {
            copy.insert("propertyNames".to_owned(), prepare(schema, &names, &[])?);
        }
        return Ok(());
    };
    let mut prepared = Map::new();
    let members: Vec<_> = properties.members()?.into_iter().filter(|(name, _)| !hidden.contains(name)).collect();
    let fields = members.iter().map(|(name, property)| names::field_name(property, name));
    names::distinct(fields.collect::<Result<Vec<_>, _>>()?.iter().zip(members.iter().map(|(_, property)| property)))?;
    for (name, property) in &members {
        prepared.insert((*name).to_owned(), prepare(schema, property, &[])?);
    }
    let mut required = Vec::new();
    for key in value.get("required").map_or(Ok(Vec::new()), |keys| keys.elements())? {
        let name = key.text()?;
        if properties.get(name).is_none() {
            return Err(key.fail(format!("`{name}` is required, but `properties` lacks it")));
        }
        if !hidden.contains(&name) {
            required.push(name);
        }
    }
    copy.insert("properties".to_owned(), prepared.into());
    copy.insert("required".to_owned(), required.into());
    match others {
        Some(others) if others.value().is_object() => {
            return Err(others.fail("an object has either `properties` or a schema for all values, not both"));
        }
        Some(closed) if closed.value() == false => _ = copy.insert("additionalProperties".to_owned(), false.into()),
        _ => {}
    }
    Ok(())
}

/// A tuple, or a list whose elements all have one schema.
fn array(schema: &Schema<'_>, value: &Cursor<'_>, copy: &mut Map<String, Value>) -> Result<(), Error> {
    let items = match value.get("items") {
        None => any_value(),
        Some(items) if items.value().is_array() => {
            value.only(&[&ANNOTATIONS[..], &["type", "items", "minItems", "maxItems"]].concat())?;
            let items = value.tuple()?;
            copy.extend(["minItems", "maxItems"].map(|bound| (bound.to_owned(), items.len().into())));
            let items = items.iter().map(|item| prepare(schema, item, &[])).collect::<Result<Vec<_>, _>>()?;
            copy.insert("items".to_owned(), items.into());
            return Ok(());
        }
        Some(items) => prepare(schema, &items, &[])?,
    };
    value.only(&[&ANNOTATIONS[..], &["type", "items"]].concat())?;
    copy.insert("items".to_owned(), items);
    Ok(())
}
