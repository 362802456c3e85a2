//! Tagged tuples: alternatives that are arrays whose first item is a constant string, as the micro-operations of
//! Maelstrom's transactions are: `["r", 5, null]` or `["append", 5, 3]`.
//!
//! They become an enum with one variant a tuple. Its decoder reads the tag and then the items of that variant in
//! place, without serde's buffer for untagged enums: that buffer loses verbatim JSON and copies every value.

use crate::{Error, cursor::Cursor, docs::docs};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
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
    /// Always `null`: on the wire only.
    Null,
    Field {
        name: Ident,
        docs: TokenStream,
        r#type: TokenStream,
    },
}

/// Compiles a definition of tagged tuples; `None` if it is not one.
pub(crate) fn compile(name: &str, shape: &Cursor<'_>) -> Result<Option<TokenStream>, Error> {
    let Some(alternatives) = shape.get("oneOf") else { return Ok(None) };
    let alternatives = alternatives.elements()?;
    if alternatives.iter().any(|alternative| alternative.get("items").is_none()) {
        return Ok(None);
    }
    let variants = alternatives.iter().map(Variant::read).collect::<Result<Vec<_>, _>>()?;
    for (variant, alternative) in variants.iter().zip(&alternatives) {
        if variants.iter().filter(|other| other.tag == variant.tag).count() > 1 {
            return Err(alternative.fail(format!("tag `{}` is used twice", variant.tag)));
        }
    }
    Ok(Some(generate(name, shape.description()?, &variants)))
}

impl Variant {
    fn read(alternative: &Cursor<'_>) -> Result<Self, Error> {
        let items = alternative.want("items")?.elements()?;
        let tag = items.first().and_then(|item| item.get("const"));
        let tag = tag.ok_or_else(|| alternative.fail("the first item must be a `const` string, the tag"))?;
        for bound in ["minItems", "maxItems"] {
            let count = alternative.want(bound)?;
            if count.value().as_u64() != Some(items.len() as u64) {
                return Err(count.fail(format!("expected {}, the number of items", items.len())));
            }
        }
        Ok(Self {
            name: format_ident!("{}", alternative.want("title")?.text()?),
            docs: docs(alternative.description()?),
            tag: tag.text()?.to_owned(),
            items: items[1..].iter().map(Item::read).collect::<Result<_, _>>()?,
        })
    }

    /// The fields' names, for patterns.
    fn fields(&self) -> Vec<&Ident> {
        self.items
            .iter()
            .filter_map(|item| if let Item::Field { name, .. } = item { Some(name) } else { None })
            .collect()
    }
}

impl Item {
    fn read(item: &Cursor<'_>) -> Result<Self, Error> {
        if let Some(constant) = item.get("const") {
            let null = constant.value().is_null();
            return if null { Ok(Self::Null) } else { Err(constant.fail("only `null` may be constant here")) };
        }
        Ok(Self::Field {
            name: format_ident!("{}", item.want("title")?.text()?.to_snake_case()),
            docs: docs(item.description()?),
            r#type: rust_type(item)?,
        })
    }
}

/// The Rust type of an item: any value, an array of such, or one that may be null.
fn rust_type(item: &Cursor<'_>) -> Result<TokenStream, Error> {
    if item.get("$ref").is_some() {
        let name = format_ident!("{}", item.definition_name()?);
        return Ok(quote!(#name));
    }
    let Some(kind) = item.get("type") else { return Ok(quote!(::glomers_protocol::Any)) };
    let scalar = |kind: &Cursor<'_>| match kind.text()? {
        "integer" => Ok(quote!(i64)),
        "string" => Ok(quote!(::std::string::String)),
        "boolean" => Ok(quote!(bool)),
        "array" => {
            let element = rust_type(&item.want("items")?)?;
            Ok(quote!(::std::vec::Vec<#element>))
        }
        other => Err(kind.fail(format!("`{other}` is not understood in a tuple"))),
    };
    match kind.elements() {
        Err(_) => scalar(&kind),
        Ok(kinds) => match kinds.as_slice() {
            [kind, null] if null.value() == "null" => {
                let inner = scalar(kind)?;
                Ok(quote!(::std::option::Option<#inner>))
            }
            _ => Err(kind.fail("expected one type, or `[TYPE, \"null\"]`")),
        },
    }
}

fn generate(name: &str, description: &str, variants: &[Variant]) -> TokenStream {
    let name = format_ident!("{name}");
    let docs = docs(description);
    let (definitions, serialize, deserialize): (Vec<_>, Vec<_>, Vec<_>) =
        variants.iter().map(|variant| (variant.definition(), variant.serialize(), variant.deserialize())).collect();
    let tags = variants.iter().map(|variant| &variant.tag);
    quote! {
        #docs
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum #name { #(#definitions,)* }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
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
    /// `Append { key: Any, value: Any }`
    fn definition(&self) -> TokenStream {
        let Self { name, docs, items, .. } = self;
        let fields = items.iter().filter_map(|item| match item {
            Item::Null => None,
            Item::Field { name, docs, r#type } => Some(quote!(#docs #name: #r#type)),
        });
        quote!(#docs #name { #(#fields,)* })
    }

    /// `Self::Append { key, value } => ("append", key, value).serialize(serializer),`
    fn serialize(&self) -> TokenStream {
        let Self { name, tag, items, .. } = self;
        let fields = self.fields();
        let values = items.iter().map(|item| match item {
            Item::Null => quote!(()),
            Item::Field { name, .. } => quote!(#name),
        });
        quote!(Self::#name { #(#fields),* } => ::serde::Serialize::serialize(&(#tag, #(#values,)*), serializer),)
    }

    /// `"append" => Ok(Self::Append { key: items.next()?, value: items.next()? }),`
    ///
    /// Struct expressions evaluate their fields in the order they are written, which is that of the items.
    fn deserialize(&self) -> TokenStream {
        let Self { name, tag, items, .. } = self;
        let mut reads = Vec::new();
        let mut nulls = Vec::new();
        for item in items {
            match item {
                Item::Null => nulls.push(quote!(items.null()?;)),
                Item::Field { name, .. } => reads.push(quote!(#name: items.next()?)),
            }
        }
        quote!(#tag => { let value = Self::#name { #(#reads),* }; #(#nulls)* ::std::result::Result::Ok(value) })
    }
}
