//! Named integer codes: alternatives that are integer constants with a title, such as Maelstrom's error codes. They
//! become an enum that is an integer on the wire. The one alternative without a constant takes every other integer,
//! because a peer may know a newer table. Each boolean keyword `x-FLAG` becomes a method `is_FLAG`.

use crate::{cursor::Cursor, docs::docs, error::Error, names};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};
use syn::Ident;

/// One alternative.
struct Code<'a> {
    variant: Ident,
    /// The name on the wire and in reports, such as `key-does-not-exist`.
    name: &'a str,
    /// `None` for the alternative that takes every number without a name.
    number: Option<i64>,
    description: &'a str,
    /// The flags of the `x-` keywords, by their Rust names.
    flags: BTreeMap<String, bool>,
}

/// Compiles a definition of integer codes.
pub(crate) fn compile(name: &Ident, shape: &Cursor<'_>, alternatives: &[Cursor<'_>]) -> Result<TokenStream, Error> {
    let codes = alternatives.iter().map(Code::read).collect::<Result<Vec<_>, _>>()?;
    names::distinct(codes.iter().map(|code| &code.variant).zip(alternatives))?;
    if codes.iter().filter(|code| code.number.is_none()).count() != 1 {
        return Err(shape.fail("codes need exactly one alternative without `const`, which takes all other numbers"));
    }
    for (index, (code, alternative)) in codes.iter().zip(alternatives).enumerate() {
        if let Some(twin) = codes[..index].iter().find(|other| other.number == code.number) {
            return Err(alternative.fail(format!("`{}` already has this number; each code needs its own", twin.name)));
        }
    }
    Ok(generate(name, shape.description()?, &codes))
}

impl<'a> Code<'a> {
    fn read(alternative: &Cursor<'a>) -> Result<Self, Error> {
        let title = alternative.want("title")?;
        let name = title.text()?;
        let number = match alternative.get("const") {
            None => None,
            Some(number) => Some(number.value().as_i64().ok_or_else(|| {
                number.fail(format!("found {}, expected an integer, the code's number", number.value()))
            })?),
        };
        let mut flags = BTreeMap::new();
        for (key, value) in alternative.members()? {
            if let Some(flag) = key.strip_prefix("x-") {
                let set = value.value().as_bool();
                let set = set.ok_or_else(|| value.fail(format!("found {}, expected a boolean", value.value())))?;
                flags.insert(flag.to_snake_case(), set);
            } else if !["const", "title", "description", "type", "minimum"].contains(&key) {
                return Err(value.unknown(key));
            }
        }
        let variant = names::variant_name(&title, name)?;
        Ok(Self { variant, name, number, description: alternative.description()?, flags })
    }
}

fn generate(ident: &Ident, description: &str, codes: &[Code<'_>]) -> TokenStream {
    let type_docs = docs(description);
    let (named, other): (Vec<_>, Vec<_>) = codes.iter().partition(|code| code.number.is_some());
    let other = other.first().expect("checked by compile");
    let fallback = &other.variant;
    let fallback_docs = docs(other.description);
    let fallback_name = other.name;
    let variants: Vec<_> = named.iter().map(|code| &code.variant).collect();
    let numbers: Vec<_> =
        named.iter().filter_map(|code| code.number).map(proc_macro2::Literal::i64_unsuffixed).collect();
    let names = named.iter().map(|code| code.name);
    let variant_docs = named.iter().map(|code| {
        let number = code.number.expect("named codes have numbers");
        docs(&format!("{number} `{}`: {}", code.name, code.description))
    });
    let flags = flag_methods(codes);
    quote! {
        #type_docs
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub enum #ident {
            #(#variant_docs #variants,)*
            #fallback_docs
            #fallback(i64),
        }

        impl #ident {
            /// Every code with a name, in the order of the schema.
            pub const NAMED: &'static [Self] = &[#(Self::#variants),*];

            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self { #(Self::#variants => #numbers,)* Self::#fallback(number) => number }
            }

            /// The name in Maelstrom's table.
            pub const fn name(self) -> &'static str {
                match self { #(Self::#variants => #names,)* Self::#fallback(_) => #fallback_name }
            }

            #flags
        }

        impl ::std::convert::From<i64> for #ident {
            fn from(number: i64) -> Self {
                match number { #(#numbers => Self::#variants,)* other => Self::#fallback(other) }
            }
        }

        impl ::serde::Serialize for #ident {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                <i64 as ::serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }
    }
}

/// `pub const fn is_definite(self) -> bool { matches!(self, Self::NodeNotFound | ..) }`
fn flag_methods(codes: &[Code<'_>]) -> TokenStream {
    let flags: BTreeSet<_> = codes.iter().flat_map(|code| code.flags.keys()).collect();
    let methods = flags.into_iter().map(|flag| {
        let method = format_ident!("is_{flag}");
        let text = docs(&format!("Returns true if the schema marks the code as {flag}."));
        let marked = codes.iter().filter(|code| code.flags.get(flag) == Some(&true));
        let variants: Vec<_> = marked
            .map(|code| {
                let variant = &code.variant;
                if code.number.is_some() { quote!(Self::#variant) } else { quote!(Self::#variant(_)) }
            })
            .collect();
        let answer = if variants.is_empty() { quote!(false) } else { quote!(matches!(self, #(#variants)|*)) };
        quote!(#text pub const fn #method(self) -> bool { #answer })
    });
    quote!(#(#methods)*)
}
