//! Payload types: bodies without the envelope's keys. typify makes the structs from the output of [`crate::prepare`];
//! [`crate::tuples`] and [`crate::codes`] make the enums of alternatives. This module selects between them and cleans
//! up the output of typify.

use crate::{
    codec, codes,
    cursor::Cursor,
    docs::{docs, message_docs},
    error::Error,
    messages,
    names::{self, PROTOCOL_TYPES},
    prepare::{UNTAGGED, prepare},
    schema::{Message, RESERVED, Schema},
    tuples,
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::{Map, Value, json};
use syn::{Attribute, Ident, Item, ext::IdentExt, parse_quote};

/// The types and implementations of every message and shape of `schema`.
pub(crate) fn items(schema: &Schema<'_>) -> Result<Vec<TokenStream>, Error> {
    let mut settings = typify::TypeSpaceSettings::default();
    settings.with_derive("PartialEq".into()).with_derive("Eq".into());
    settings.with_map_type("::std::collections::BTreeMap");
    let mut definitions = Map::new();
    for name in PROTOCOL_TYPES {
        definitions.insert(name.to_owned(), json!({}));
        settings.with_replacement(name, format!("::glomers_protocol::{name}"), std::iter::empty());
    }
    let (mut enums, mut tuples) = (Vec::new(), Vec::new());
    for (name, shape) in schema.shapes.iter().filter(|(name, _)| !PROTOCOL_TYPES.contains(name)) {
        let ident = names::definition_name(shape, name)?;
        let definition = match alternatives(&ident, shape)? {
            Some((compiled, has_codec)) => {
                tuples.extend(has_codec.then_some(*name));
                enums.push(compiled);
                settings.with_replacement(*name, *name, std::iter::empty());
                json!({})
            }
            None => prepare(schema, shape, &[])?,
        };
        definitions.insert((*name).to_owned(), definition);
    }
    for message in &schema.messages {
        names::definition_name(&message.definition, message.name)?;
        definitions.insert(message.name.to_owned(), payload(schema, message)?);
    }
    let mut items = run_typify(&schema.root, settings, definitions)?;
    let order = |name: &str| schema.messages.iter().position(|message| message.name == name).unwrap_or(usize::MAX);
    items.sort_by_key(|item| order(&name(item)));
    let typed = items.into_iter().map(|item| finish(schema, item, &tuples));
    Ok(typed.chain(enums).collect())
}

/// Compiles a definition of alternatives: tagged tuples or integer codes, and tells whether the type has a codec. Returns `None`
/// for any other definition.
fn alternatives(name: &Ident, shape: &Cursor<'_>) -> Result<Option<(TokenStream, bool)>, Error> {
    let Some(alternatives) = shape.get("oneOf") else { return Ok(None) };
    shape.only(&["title", "description", "examples", "type", "oneOf"])?;
    let elements = alternatives.elements()?;
    let any = |keyword| elements.iter().any(|alternative| alternative.get(keyword).is_some());
    match (any("items"), any("const")) {
        (true, _) => tuples::compile(name, shape, &elements).map(Some),
        (false, true) => codes::compile(name, shape, &elements).map(|compiled| Some((compiled, false))),
        (false, false) => Err(alternatives.fail(UNTAGGED)),
    }
}

/// The name of a type.
fn name(item: &Item) -> String {
    match item {
        Item::Struct(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        _ => unreachable!("only structs and enums are kept"),
    }
}

/// Compiles the prepared definitions with typify.
fn run_typify(
    at: &Cursor<'_>,
    settings: typify::TypeSpaceSettings,
    definitions: Map<String, Value>,
) -> Result<Vec<Item>, Error> {
    let definitions: schemars::Map<String, schemars::schema::Schema> =
        serde_json::from_value(Value::Object(definitions)).map_err(|error| at.fail(error.to_string()))?;
    let mut space = typify::TypeSpace::new(&settings);
    space.add_ref_types(definitions).map_err(|error| at.fail(error.to_string()))?;
    let file: syn::File = syn::parse2(space.to_stream()).expect("typify returns Rust");
    Ok(file.items.into_iter().filter(|item| matches!(item, Item::Struct(_) | Item::Enum(_))).collect())
}

/// The schema of a message without the envelope's keys.
fn payload(schema: &Schema<'_>, message: &Message<'_>) -> Result<Value, Error> {
    let mut object = prepare(schema, &message.definition, &RESERVED)?;
    if object["properties"].as_object().is_none_or(Map::is_empty) {
        // To typify, an open object without properties is a map. `finish` opens it again.
        object["additionalProperties"] = false.into();
    }
    Ok(object)
}

/// Completes an item that typify made: adds documentation and implementations, and opens a struct that was closed only
/// for typify.
fn finish(schema: &Schema<'_>, mut item: Item, tuples: &[&str]) -> TokenStream {
    let message = schema.messages.iter().find(|message| message.name == name(&item));
    let attributes = match &mut item {
        Item::Struct(item) => {
            let any_value = quote!(::std::option::Option<::glomers_protocol::Json>).to_string();
            let by_node = quote!(::std::collections::BTreeMap < ::glomers_protocol::NodeId).to_string();
            for field in &mut item.fields {
                respace(&mut field.attrs);
                if let Some(name) = &field.ident {
                    document(&mut field.attrs, name);
                }
                let ty = field.ty.to_token_stream().to_string();
                if ty.starts_with(&by_node) {
                    // It has as many entries as a cluster has nodes.
                    let read_map = codec::READ_MAP;
                    field.attrs.push(parse_quote!(#[serde(deserialize_with = #read_map)]));
                }
                if ty == any_value {
                    // serde reads `null` as `None`, but here `null` is a value like any other.
                    field.attrs.push(parse_quote! {
                        #[serde(default, deserialize_with = "::glomers_protocol::support::present")]
                    });
                }
            }
            &mut item.attrs
        }
        Item::Enum(item) => {
            for variant in &mut item.variants {
                respace(&mut variant.attrs);
                document(&mut variant.attrs, &variant.ident);
            }
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
    let implementation = messages::implementation(message, codec::fields(&item, tuples).as_deref());
    quote!(#item #implementation)
}

/// Documents a field or variant without a description by its name on the wire.
fn document(attributes: &mut Vec<Attribute>, name: &Ident) {
    if attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
        return;
    }
    let mut wire_name = name.unraw().to_string();
    for serde in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // Other arguments of `serde` end the search without an error.
        let _ = serde.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                wire_name = meta.value()?.parse::<syn::LitStr>()?.value();
            }
            Ok(())
        });
    }
    attributes.splice(0..0, attributes_of(docs(&format!("`{wire_name}` on the wire."))));
}

/// One sentence about the RPC of a message.
fn role(schema: &Schema<'_>, message: &Message<'_>) -> String {
    if let Some(response) = message.response {
        return format!("Request `{}` of `{}`, answered by [`{response}`].", message.wire_type, schema.title);
    }
    match schema.pairs().find(|(_, response)| *response == message.name) {
        Some((request, _)) => {
            format!("Response `{}` of `{}`, the answer to [`{}`].", message.wire_type, schema.title, request.name)
        }
        None => format!("Body `{}`.", message.wire_type),
    }
}

/// Adds a space before each line of the doc comments, and removes spaces from the path that typify gives to serde.
fn respace(attributes: &mut Vec<Attribute>) {
    let (comments, others): (Vec<_>, Vec<_>) =
        attributes.drain(..).partition(|attribute| attribute.path().is_ident("doc"));
    let others = others.into_iter().flat_map(|attribute| {
        let text =
            attribute.to_token_stream().to_string().replace("\":: std :: collections :: ", "\"::std::collections::");
        attributes_of(text.parse().expect("the text of an attribute parses"))
    });
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
