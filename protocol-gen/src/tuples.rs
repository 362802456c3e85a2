//! Tagged tuples: alternatives that are arrays whose first item is a constant string. The micro-operations of
//! Maelstrom's transactions are an example: `["r", 5, null]` or `["append", 5, 3]`.
//!
//! They become an enum with one variant per tuple. Its decoder reads the tag and then the items of that variant. It
//! does not use serde's buffer for untagged enums, which loses verbatim JSON and copies every value.

use crate::{
    codec,
    cursor::Cursor,
    docs::docs,
    error::Error,
    names::{self, PROTOCOL_TYPES},
};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Ident;

/// One alternative.
struct Variant {
    name: Ident,
    docs: TokenStream,
    tag: String,
    items: Vec<Item>,
}

/// One item after the tag.
enum Item {
    /// Always `null`. It exists on the wire only.
    Null,
    Field {
        name: Ident,
        docs: TokenStream,
        r#type: TokenStream,
    },
}

/// Compiles a definition of tagged tuples, and tells whether the type has a codec.
pub(crate) fn compile(
    name: &Ident,
    shape: &Cursor<'_>,
    alternatives: &[Cursor<'_>],
) -> Result<(TokenStream, bool), Error> {
    let variants = alternatives.iter().map(Variant::read).collect::<Result<Vec<_>, _>>()?;
    names::distinct(variants.iter().map(|variant| &variant.name).zip(alternatives))?;
    for (index, (variant, alternative)) in variants.iter().zip(alternatives).enumerate() {
        if variants[..index].iter().any(|other| other.tag == variant.tag) {
            return Err(
                alternative.fail(format!("tag `{}` is used twice; each alternative needs its own", variant.tag))
            );
        }
    }
    let (mut definition, has_codec) =
        (generate(name, shape.description()?, &variants), variants.iter().all(Variant::has_codec));
    if has_codec {
        definition.extend(codec(name, &variants));
    }
    Ok((definition, has_codec))
}

/// The reader of the common form, and the writer.
fn codec(name: &Ident, variants: &[Variant]) -> TokenStream {
    let some = quote!(::std::option::Option::Some);
    let read = variants.iter().map(|variant| variant.read_items(&some));
    let write = variants.iter().map(Variant::write);
    quote! {
        impl ::glomers_protocol::support::Plain for #name {
            fn read(items: &mut ::glomers_protocol::support::Reader<'_>) -> ::std::option::Option<Self> {
                items.expect(b'[')?;
                let value = match items.string()? {
                    #(#read)*
                    _ => ::std::option::Option::None,
                };
                items.expect(b']')?;
                value
            }

            fn write(&self, __out: &mut ::std::vec::Vec<u8>) {
                match self { #(#write)* }
                __out.push(b']');
            }
        }
    }
}

impl Variant {
    fn read(alternative: &Cursor<'_>) -> Result<Self, Error> {
        alternative.only(&["title", "description", "type", "items", "minItems", "maxItems"])?;
        let items = alternative.tuple()?;
        let tag = items.first().and_then(|item| item.get("const"));
        let tag = tag.ok_or_else(|| alternative.fail("the first item must be a `const` string, the tag"))?;
        let title = alternative.want("title")?;
        let variant = Self {
            name: names::type_name(&title, title.text()?)?,
            docs: docs(alternative.description()?),
            tag: tag.text()?.to_owned(),
            items: items[1..].iter().map(Item::read).collect::<Result<_, _>>()?,
        };
        let fields = variant.items.iter().zip(&items[1..]);
        names::distinct(fields.filter_map(|(item, at)| Some((item.field()?, at))))?;
        Ok(variant)
    }

    /// The names of the fields, for patterns.
    fn fields(&self) -> Vec<&Ident> {
        self.items.iter().filter_map(Item::field).collect()
    }
}

impl Item {
    fn read(item: &Cursor<'_>) -> Result<Self, Error> {
        item.only(&["title", "description", "type", "items", "const", "$ref"])?;
        if let Some(constant) = item.get("const") {
            let null = constant.value().is_null();
            return if null {
                Ok(Self::Null)
            } else {
                Err(constant
                    .fail(format!("found {}, expected `null`, the only constant after the tag", constant.value())))
            };
        }
        let title = item.want("title")?;
        Ok(Self::Field {
            name: names::field_name(&title, title.text()?)?,
            docs: docs(item.description()?),
            r#type: rust_type(item)?,
        })
    }

    fn field(&self) -> Option<&Ident> {
        match self {
            Self::Null => None,
            Self::Field { name, .. } => Some(name),
        }
    }
}

/// The Rust type of an item: any value, a definition, a simple type, a list, or one of the last two that may be null.
fn rust_type(item: &Cursor<'_>) -> Result<TokenStream, Error> {
    if item.get("$ref").is_some() {
        return Ok(match item.definition_name()? {
            name if PROTOCOL_TYPES.contains(&name) => {
                let name = format_ident!("{name}");
                quote!(::glomers_protocol::#name)
            }
            name => names::type_name(item, name)?.to_token_stream(),
        });
    }
    if item.get("type").is_none() {
        return Ok(quote!(::glomers_protocol::Json));
    }
    let (kind, nullable) = item.kind()?;
    let exact = match kind {
        "integer" => quote!(i64),
        "string" => quote!(::std::string::String),
        "boolean" => quote!(bool),
        "array" => {
            let element = item.want("items")?;
            element.only(&["title", "description", "type", "items", "$ref"])?;
            let element = rust_type(&element)?;
            quote!(::std::vec::Vec<#element>)
        }
        _ => return Err(item.fail("an object in a tagged tuple needs a name; define it and refer to it with `$ref`")),
    };
    Ok(if nullable { quote!(::std::option::Option<#exact>) } else { exact })
}

fn generate(name: &Ident, description: &str, variants: &[Variant]) -> TokenStream {
    let (docs, ok) = (docs(description), quote!(::std::result::Result::Ok));
    let (definitions, serialize, deserialize): (Vec<_>, Vec<_>, Vec<_>) =
        variants.iter().map(|variant| (variant.definition(), variant.serialize(), variant.read_items(&ok))).collect();
    let tags = variants.iter().map(|variant| &variant.tag);
    quote! {
        #docs
        #[derive(Clone, Debug, Eq, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "tuples differ in size")]
        pub enum #name { #(#definitions,)* }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, __serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                match self { #(#serialize)* }
            }
        }

        impl ::glomers_protocol::support::TaggedTuple for #name {
            const TAGS: &'static [&'static str] = &[#(#tags),*];

            fn read<'de, A: ::serde::de::SeqAccess<'de>>(
                tag: &str,
                items: &mut ::glomers_protocol::support::Items<A>,
            ) -> ::std::result::Result<Self, A::Error> {
                match tag {
                    #(#deserialize)*
                    other => ::std::result::Result::Err(items.unknown_tag::<Self>(other)),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                ::glomers_protocol::support::tagged_tuple(deserializer)
            }
        }
    }
}

impl Variant {
    /// `Append { key: Json, value: Json }`
    fn definition(&self) -> TokenStream {
        let Self { name, docs, items, .. } = self;
        let fields = items.iter().filter_map(|item| match item {
            Item::Null => None,
            Item::Field { name, docs, r#type } => Some(quote!(#docs #name: #r#type)),
        });
        quote!(#docs #name { #(#fields,)* })
    }

    /// Tells whether each item has a codec.
    fn has_codec(&self) -> bool {
        self.items.iter().all(|item| match item {
            Item::Null => true,
            Item::Field { r#type, .. } => syn::parse2(r#type.clone()).is_ok_and(|of| codec::has_codec(&of, &[])),
        })
    }

    /// `Self::Append { key, value } => { __out.extend_from_slice(b"[\"append\""); item(__out, key); item(__out, value); }`
    fn write(&self) -> TokenStream {
        let Self { name, tag, items, .. } = self;
        let fields = self.fields();
        let begin = Literal::byte_string(format!("[{}", serde_json::Value::from(tag.as_str())).as_bytes());
        let items = items.iter().map(|item| match item {
            Item::Null => quote!(&()),
            Item::Field { name, .. } => quote!(#name),
        });
        quote!(Self::#name { #(#fields),* } => {
            __out.extend_from_slice(#begin);
            #(::glomers_protocol::support::item(__out, #items);)*
        })
    }

    /// `Self::Append { key, value } => ("append", key, value).serialize(__serializer),`
    ///
    /// The patterns bind the fields' names, and no field's name begins with an underscore.
    fn serialize(&self) -> TokenStream {
        let Self { name, tag, items, .. } = self;
        let fields = self.fields();
        let values = items.iter().map(|item| match item {
            Item::Null => quote!(()),
            Item::Field { name, .. } => quote!(#name),
        });
        quote!(Self::#name { #(#fields),* } => ::serde::Serialize::serialize(&(#tag, #(#values,)*), __serializer),)
    }

    /// `"cas" => { let value = Self::Cas { key: items.next()?, to: { items.null()?; items.next()? } }; Ok(value) }`
    ///
    /// Struct expressions evaluate their fields in the order they are written, so the reads are written in the order of
    /// the items: a `null` just before the field that follows it, and a `null` after the last field at the end.
    fn read_items(&self, some: &TokenStream) -> TokenStream {
        let Self { name, tag, items, .. } = self;
        let mut fields = Vec::new();
        let mut nulls = Vec::new();
        for item in items {
            match item {
                Item::Null => nulls.push(quote!(items.null()?;)),
                Item::Field { name, .. } if nulls.is_empty() => fields.push(quote!(#name: items.next()?)),
                Item::Field { name, .. } => {
                    let nulls = std::mem::take(&mut nulls);
                    fields.push(quote!(#name: { #(#nulls)* items.next()? }));
                }
            }
        }
        quote!(#tag => { let value = Self::#name { #(#fields),* }; #(#nulls)* #some(value) })
    }
}
