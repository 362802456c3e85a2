//! Payload types: what is left of a body without the envelope's keys. typify makes the structs of what
//! [`crate::prepare`] gives it, [`crate::tuples`] and [`crate::codes`] the enums of alternatives; this module tells them
//! apart and cleans up what typify returns.

use crate::{
    Error, codes,
    cursor::Cursor,
    docs::{docs, message_docs},
    messages, names,
    prepare::{UNTAGGED, prepare},
    schema::{Message, RESERVED, Schema},
    tuples,
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::{Map, Value, json};
use syn::{Attribute, Ident, Item, ext::IdentExt, parse_quote};

/// Definitions that mean a type of the runtime crate wherever they stand.
pub(crate) const OF_THE_PROTOCOL: [&str; 2] = ["Json", "NodeId"];

/// Items that every generated module may have.
pub(crate) const OWN_NAMES: [&str; 3] = ["Request", "Response", "Workload"];

/// The types and implementations of every message and shape of `schema`.
pub(crate) fn items(schema: &Schema<'_>) -> Result<Vec<TokenStream>, Error> {
    let mut settings = typify::TypeSpaceSettings::default();
    settings.with_derive("PartialEq".into()).with_derive("Eq".into());
    settings.with_map_type("::std::collections::BTreeMap");
    let mut definitions = Map::new();
    for name in OF_THE_PROTOCOL {
        definitions.insert(name.to_owned(), json!({}));
        settings.with_replacement(name, format!("::glomers_protocol::{name}"), std::iter::empty());
    }
    let mut made_here = Vec::new();
    for (name, shape) in schema.shapes.iter().filter(|(name, _)| !OF_THE_PROTOCOL.contains(name)) {
        let ident = own_name(shape, name)?;
        let definition = match alternatives(&ident, shape)? {
            Some(made) => {
                made_here.push(made);
                settings.with_replacement(*name, *name, std::iter::empty());
                json!({})
            }
            None => prepare(schema, shape, &[])?,
        };
        definitions.insert((*name).to_owned(), definition);
    }
    for message in &schema.messages {
        own_name(&message.definition, message.name)?;
        definitions.insert(message.name.to_owned(), payload(schema, message)?);
    }
    let mut items = compile(&schema.root, settings, definitions)?;
    let order = |name: &str| schema.messages.iter().position(|message| message.name == name).unwrap_or(usize::MAX);
    items.sort_by_key(|item| order(&name(item)));
    let typed = items.into_iter().map(|item| finish(schema, item));
    Ok(typed.chain(made_here).collect())
}

/// A definition's name as that of a type, which must not be one that the generated module has anyway.
fn own_name(at: &Cursor<'_>, name: &str) -> Result<Ident, Error> {
    if OWN_NAMES.contains(&name) {
        return Err(at.fail(format!("`{name}` is taken: the generated code has an item of that name")));
    }
    names::type_name(at, name)
}

/// A definition of alternatives: tagged tuples or integer codes. `None`: it has none.
fn alternatives(name: &Ident, shape: &Cursor<'_>) -> Result<Option<TokenStream>, Error> {
    let Some(alternatives) = shape.get("oneOf") else { return Ok(None) };
    shape.only(&["title", "description", "examples", "type", "oneOf"])?;
    let elements = alternatives.elements()?;
    let any = |keyword| elements.iter().any(|alternative| alternative.get(keyword).is_some());
    match (any("items"), any("const")) {
        (true, _) => tuples::compile(name, shape, &elements).map(Some),
        (false, true) => codes::compile(name, shape, &elements).map(Some),
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
fn payload(schema: &Schema<'_>, message: &Message<'_>) -> Result<Value, Error> {
    let mut object = prepare(schema, &message.definition, &RESERVED)?;
    if object["properties"].as_object().is_none_or(Map::is_empty) {
        // typify takes an open object without properties for a map; `finish` opens it again.
        object["additionalProperties"] = false.into();
    }
    Ok(object)
}

/// Gives an item that typify made our documentation and implementations, and opens what was closed for typify's sake.
fn finish(schema: &Schema<'_>, mut item: Item) -> TokenStream {
    let message = schema.messages.iter().find(|message| message.name == name(&item));
    let attributes = match &mut item {
        Item::Struct(item) => {
            let any_value = quote!(::std::option::Option<::glomers_protocol::Json>).to_string();
            for field in &mut item.fields {
                respace(&mut field.attrs);
                if let Some(name) = &field.ident {
                    document(&mut field.attrs, name);
                }
                if field.ty.to_token_stream().to_string() == any_value {
                    // serde takes `null` for `None`, but here it is a value like any other.
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
    let implementation = messages::implementation(message);
    quote!(#item #implementation)
}

/// Gives a field or variant that the schema does not describe the least documentation: its name on the wire.
fn document(attributes: &mut Vec<Attribute>, name: &Ident) {
    if attributes.iter().any(|attribute| attribute.path().is_ident("doc")) {
        return;
    }
    let mut wire_name = name.unraw().to_string();
    for serde in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // Other arguments of serde's are passed over: they end the search, not the build.
        let _ = serde.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                wire_name = meta.value()?.parse::<syn::LitStr>()?.value();
            }
            Ok(())
        });
    }
    attributes.splice(0..0, attributes_of(docs(&format!("`{wire_name}` on the wire."))));
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

/// Puts a space before each line of the doc comments, and takes those out of the path that typify gives to serde.
fn respace(attributes: &mut Vec<Attribute>) {
    let (comments, others): (Vec<_>, Vec<_>) =
        attributes.drain(..).partition(|attribute| attribute.path().is_ident("doc"));
    let others = others.into_iter().flat_map(|attribute| {
        let text =
            attribute.to_token_stream().to_string().replace("\":: std :: collections :: ", "\"::std::collections::");
        attributes_of(text.parse().expect("it was an attribute before"))
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
