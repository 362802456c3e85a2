//! Payload types: what is left of a body without the envelope's keys. typify makes the structs; this module prepares
//! the schemas for it and cleans up what it returns.
//!
//! typify is given only what it does well. A property that is only a `const` would become an unenforced
//! `serde_json::Value`, and alternatives an untagged enum that can take one message for another (and that cannot hold
//! verbatim JSON), so constants, tagged tuples and codes are compiled here and in [`crate::tuples`] and
//! [`crate::codes`]; anything else of the kind is refused.

use crate::{
    Error, codes,
    cursor::Cursor,
    docs::{docs, message_docs},
    messages,
    schema::{Message, RESERVED, Schema},
    tuples,
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::{Map, Value, json};
use syn::{Attribute, Item};

/// Keywords that say something about a value to people only.
const ANNOTATIONS: [&str; 4] = ["title", "description", "examples", "x-response"];

/// Keywords that reach typify.
const KEYWORDS: [&str; 10] = [
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "minItems",
    "maxItems",
    "enum",
];

/// The types and implementations of every message and shape of `schema`.
pub(crate) fn items(schema: &Schema<'_>) -> Result<Vec<TokenStream>, Error> {
    let mut settings = typify::TypeSpaceSettings::default();
    settings.with_derive("PartialEq".into()).with_derive("Eq".into());
    settings.with_map_type("::std::collections::BTreeMap");
    settings.with_replacement("Any", "::glomers_protocol::Any", std::iter::empty());
    settings.with_replacement("NodeId", "::glomers_protocol::NodeId", std::iter::empty());

    let mut definitions = Map::from_iter([("Any".to_owned(), json!({})), ("NodeId".to_owned(), json!({}))]);
    let mut made_here = Vec::new();
    for (name, shape) in schema.shapes.iter().filter(|(name, _)| !definitions_of_the_protocol(name)) {
        let made = match tuples::compile(name, shape)? {
            Some(made) => Some(made),
            None => codes::compile(name, shape)?,
        };
        definitions.insert((*name).to_owned(), if made.is_some() { json!({}) } else { prepare(shape)? });
        if let Some(made) = made {
            settings.with_replacement(*name, *name, std::iter::empty());
            made_here.push(made);
        }
    }
    for message in &schema.messages {
        definitions.insert(message.name.to_owned(), payload(message)?);
    }

    let blame = schema.messages.first().map(|message| &message.definition);
    let Some(blame) = blame else { return Ok(made_here) };
    let mut items = compile(blame, settings, definitions)?;
    let order = |name: &str| schema.messages.iter().position(|message| message.name == name).unwrap_or(usize::MAX);
    items.sort_by_key(|item| order(&name(item)));
    let typed = items.into_iter().map(|item| finish(schema, item));
    Ok(typed.chain(made_here).collect())
}

/// The name of a type.
fn name(item: &Item) -> String {
    match item {
        Item::Struct(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        _ => unreachable!("only structs and enums are kept"),
    }
}

/// Definitions that mean a type of the runtime crate wherever they stand.
fn definitions_of_the_protocol(name: &str) -> bool {
    ["Any", "NodeId"].contains(&name)
}

/// Runs typify over the prepared definitions.
fn compile(
    blame: &Cursor<'_>,
    settings: typify::TypeSpaceSettings,
    definitions: Map<String, Value>,
) -> Result<Vec<Item>, Error> {
    let definitions: schemars::Map<String, schemars::schema::Schema> =
        serde_json::from_value(Value::Object(definitions)).map_err(|error| blame.fail(error.to_string()))?;
    let mut space = typify::TypeSpace::new(&settings);
    space.add_ref_types(definitions).map_err(|error| blame.fail(error.to_string()))?;
    let file: syn::File = syn::parse2(space.to_stream()).expect("typify writes Rust");
    Ok(file.items.into_iter().filter(|item| matches!(item, Item::Struct(_) | Item::Enum(_))).collect())
}

/// A message without the envelope's keys.
fn payload(message: &Message<'_>) -> Result<Value, Error> {
    let mut object = prepare(&message.definition)?;
    let members = object.as_object_mut().expect("a message is an object");
    if let Some(Value::Array(required)) = members.get_mut("required") {
        required.retain(|key| !RESERVED.iter().any(|reserved| key == reserved));
    }
    let properties = members.get("properties").and_then(Value::as_object);
    if properties.is_none_or(Map::is_empty) {
        // typify takes an open object without properties for a map; `finish` opens it again.
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    Ok(object)
}

/// Copies a schema for typify: annotations off, "any value" turned into a reference, unknown keywords refused.
fn prepare(schema: &Cursor<'_>) -> Result<Value, Error> {
    let is_payload = schema.get("properties").is_some_and(|properties| properties.get("type").is_some());
    let mut prepared = Map::new();
    for (keyword, value) in schema.members()? {
        let copy = match keyword {
            "description" => value.value().clone(),
            _ if ANNOTATIONS.contains(&keyword) => continue,
            "properties" => {
                let mut properties = Map::new();
                for (name, property) in value.members()? {
                    if !(is_payload && RESERVED.contains(&name)) {
                        properties.insert(name.to_owned(), prepare(&property)?);
                    }
                }
                Value::Object(properties)
            }
            "items" if value.value().is_array() => {
                value.elements()?.iter().map(prepare).collect::<Result<Vec<_>, _>>()?.into()
            }
            "items" => prepare(&value)?,
            "additionalProperties" if value.value().is_object() => prepare(&value)?,
            _ if KEYWORDS.contains(&keyword) => value.value().clone(),
            "const" => return Err(value.fail("a constant is understood only as `type` and in tagged tuples")),
            "oneOf" | "anyOf" | "allOf" => {
                let text = "alternatives are understood only as a definition of tagged tuples or of integer codes";
                return Err(value.fail(text));
            }
            _ => return Err(value.fail(format!("keyword `{keyword}` is not understood"))),
        };
        prepared.insert(keyword.to_owned(), copy);
    }
    if prepared.keys().all(|keyword| keyword == "description") {
        prepared.insert("allOf".to_owned(), json!([{"$ref": "#/definitions/Any"}]));
    }
    Ok(Value::Object(prepared))
}

/// Gives an item that typify made our documentation and implementations, and opens what was closed for typify's sake.
fn finish(schema: &Schema<'_>, mut item: Item) -> TokenStream {
    let message = schema.messages.iter().find(|message| message.name == name(&item));
    let attributes = match &mut item {
        Item::Struct(item) => {
            item.fields.iter_mut().for_each(|field| respace(&mut field.attrs));
            &mut item.attrs
        }
        Item::Enum(item) => {
            item.variants.iter_mut().for_each(|variant| respace(&mut variant.attrs));
            &mut item.attrs
        }
        _ => unreachable!("only structs and enums are kept"),
    };
    let Some(message) = message else {
        respace(attributes);
        return item.to_token_stream();
    };
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    if !message.is_closed() {
        attributes.retain(|attribute| !attribute.to_token_stream().to_string().contains("deny_unknown_fields"));
    }
    let text = message_docs(message.description, &role(schema, message), &message.examples);
    attributes.splice(0..0, attributes_of(docs(&text)));
    let implementation = messages::implementation(message);
    quote!(#item #implementation)
}

/// One sentence on the RPC that a message belongs to.
fn role(schema: &Schema<'_>, message: &Message<'_>) -> String {
    if let Some(response) = message.response {
        return format!("Request `{}` of `{}`; answered by [`{response}`].", message.wire_type, schema.title);
    }
    match schema.pairs().find(|(_, response)| *response == message.name) {
        Some((request, _)) => {
            format!("Response `{}` of `{}`; answers [`{}`].", message.wire_type, schema.title, request.name)
        }
        None => format!("Body `{}`.", message.wire_type),
    }
}

/// Puts a space before each line of the doc comments.
fn respace(attributes: &mut Vec<Attribute>) {
    let (comments, others): (Vec<_>, Vec<_>) =
        attributes.drain(..).partition(|attribute| attribute.path().is_ident("doc"));
    let text: Vec<_> = comments.iter().filter_map(doc_text).collect();
    *attributes = attributes_of(docs(&text.join("\n")));
    attributes.extend(others);
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let pair = attribute.meta.require_name_value().ok()?;
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn attributes_of(tokens: TokenStream) -> Vec<Attribute> {
    syn::parse::Parser::parse2(Attribute::parse_outer, tokens).expect("doc attributes parse")
}
