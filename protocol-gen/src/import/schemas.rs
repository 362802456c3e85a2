//! Reads a protocol from a schema folder: the part of the schemas that Maelstrom's documents describe too.

use crate::{
    cursor::Cursor,
    error::Error,
    folder::Kind,
    import::model::{Code, Field, Item, Message, Protocol, Rpc, Shape, Variant, Workload},
    schema::{self, RESERVED, Schema},
};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// The deepest nesting of shapes, deeper than any message. It stops at a definition that contains itself.
const DEPTH: usize = 32;

/// Reads the workloads and the error codes among `files`, which maps paths relative to the folder to texts.
pub(crate) fn read(files: &BTreeMap<PathBuf, String>) -> Result<Protocol, Error> {
    let mut protocol = Protocol { workloads: BTreeMap::new(), codes: BTreeMap::new() };
    for (path, text) in files {
        let file = path.display().to_string();
        let document: Value = serde_json::from_str(text).map_err(Error::json(&file))?;
        match Kind::of(path) {
            Kind::Service => {}
            Kind::Plain => protocol.codes.extend(read_codes(&Cursor::root(&file, &document))?),
            Kind::Workload => {
                let schema = Schema::read(&file, &document)?;
                if protocol.workloads.insert(schema.title.to_owned(), read_workload(&schema)?).is_some() {
                    return Err(schema
                        .root
                        .fail(format!("a second file for workload `{}`; remove one of the two", schema.title)));
                }
            }
        }
    }
    Ok(protocol)
}

/// The definition of integer codes in a file, if it has one.
pub(crate) fn codes_definition<'a>(document: &Cursor<'a>) -> Result<Option<(&'a str, Cursor<'a>)>, Error> {
    let Some(definitions) = document.get("definitions") else { return Ok(None) };
    let is_code = |alternative: &Cursor<'_>| alternative.get("const").is_some_and(|number| number.value().is_i64());
    for (name, definition) in definitions.members()? {
        if let Some(alternatives) = definition.get("oneOf")
            && alternatives.elements()?.iter().any(is_code)
        {
            return Ok(Some((name, definition)));
        }
    }
    Ok(None)
}

fn read_codes(document: &Cursor<'_>) -> Result<Vec<(i64, Code)>, Error> {
    let Some((_, definition)) = codes_definition(document)? else { return Ok(Vec::new()) };
    let mut codes = Vec::new();
    for alternative in definition.want("oneOf")?.elements()? {
        let Some(number) = alternative.get("const").and_then(|number| number.value().as_i64()) else { continue };
        let definite = alternative.want("x-definite")?.value() == true;
        codes.push((number, Code { name: alternative.want("title")?.text()?.to_owned(), definite }));
    }
    Ok(codes)
}

fn read_workload(schema: &Schema<'_>) -> Result<Workload, Error> {
    let mut rpcs = Vec::new();
    for (request, response) in schema.pairs() {
        let response = schema.messages.iter().find(|message| message.name == response).expect("pairs are checked");
        rpcs.push(Rpc { request: read_message(schema, request)?, response: read_message(schema, response)? });
    }
    Ok(Workload { rpcs })
}

fn read_message(schema: &Schema<'_>, message: &schema::Message<'_>) -> Result<Message, Error> {
    let mut fields = fields(schema, &message.definition, DEPTH)?;
    fields.retain(|field| !RESERVED.contains(&field.name.as_str()));
    Ok(Message { wire_type: message.wire_type.to_owned(), fields })
}

fn fields(schema: &Schema<'_>, object: &Cursor<'_>, depth: usize) -> Result<Vec<Field>, Error> {
    let required = object.get("required").map_or(Ok(Vec::new()), |required| required.elements())?;
    let required = required.iter().map(Cursor::text).collect::<Result<Vec<_>, _>>()?;
    let properties = object.want("properties")?.members()?;
    let fields = properties.into_iter().map(|(name, property)| {
        let shape = shape(schema, &property, depth)?;
        Ok(Field { name: name.to_owned(), required: required.contains(&name), shape })
    });
    fields.collect()
}

fn shape(schema: &Schema<'_>, at: &Cursor<'_>, depth: usize) -> Result<Shape, Error> {
    let deeper = depth
        .checked_sub(1)
        .ok_or_else(|| at.fail(format!("shapes are nested more than {DEPTH} deep; a definition may contain itself")))?;
    if at.get("$ref").is_some() {
        let name = at.definition_name()?;
        let definition = schema.shapes.iter().find(|(other, _)| *other == name);
        let (_, definition) =
            definition.ok_or_else(|| at.fail(format!("`{name}` is a message, which cannot be part of a message")))?;
        return shape(schema, definition, deeper);
    }
    if let Some(constant) = at.get("const") {
        return if constant.value().is_null() {
            Ok(Shape::Null)
        } else {
            Ok(Shape::Enum(vec![constant.text()?.to_owned()]))
        };
    }
    if let Some(alternatives) = at.get("oneOf") {
        let variants = alternatives.elements()?;
        return Ok(Shape::Tagged(
            variants.iter().map(|variant| read_variant(schema, variant, deeper)).collect::<Result<_, _>>()?,
        ));
    }
    if let Some(strings) = at.get("enum") {
        let strings = strings.elements()?;
        let strings = strings.iter().map(|string| string.text().map(str::to_owned));
        return Ok(Shape::Enum(strings.collect::<Result<_, _>>()?));
    }
    if at.get("type").is_none() {
        return Ok(Shape::Any);
    }
    let (kind, nullable) = at.kind()?;
    let inner = |at: Option<Cursor<'_>>| match at {
        Some(at) if at.value().is_object() => shape(schema, &at, deeper).map(Box::new),
        _ => Ok(Box::new(Shape::Any)),
    };
    let shape = match kind {
        "integer" => Shape::Integer,
        "string" => Shape::String,
        "boolean" => Shape::Boolean,
        "array" if at.get("items").is_some_and(|items| items.value().is_array()) => {
            Shape::Tuple(items(schema, &at.tuple()?, deeper)?)
        }
        "array" => Shape::List(inner(at.get("items"))?),
        _ if at.get("properties").is_some() => Shape::Object(fields(schema, at, deeper)?),
        _ => Shape::Map(inner(at.get("additionalProperties"))?),
    };
    Ok(if nullable { shape.or_null() } else { shape })
}

fn read_variant(schema: &Schema<'_>, at: &Cursor<'_>, depth: usize) -> Result<Variant, Error> {
    let tuple = at.tuple()?;
    let (tag, rest) = tuple.split_first().ok_or_else(|| at.fail("the first item must be a `const` string, the tag"))?;
    Ok(Variant { tag: tag.want("const")?.text()?.to_owned(), items: items(schema, rest, depth)? })
}

fn items(schema: &Schema<'_>, items: &[Cursor<'_>], depth: usize) -> Result<Vec<Item>, Error> {
    let items = items.iter().map(|item| {
        let name = item.get("title").map_or(Ok(""), |title| title.text())?.to_owned();
        Ok(Item { name, shape: shape(schema, item, depth)? })
    });
    items.collect()
}
