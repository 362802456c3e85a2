//! The traits and enums over the payloads: `Payload` and `Request` pair a request with its response; `enum Request` and
//! `enum Response` cover all messages of a schema file.

use crate::{
    docs::{docs, wire},
    schema::{Message, Schema},
};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

/// `impl Payload for Topology` and, for a request, `impl Request for Topology`. `codec!`
/// compiles the payload's functions once, with the type, and not again in each crate that uses it. `fields` are those of a type
/// that serde is not needed for.
pub(crate) fn implementation(message: &Message<'_>, fields: Option<&[&Ident]>) -> TokenStream {
    let name = format_ident!("{}", message.name);
    let wire_type = message.wire_type;
    let request = message.response.map(|response| {
        let response = format_ident!("{response}");
        quote! {
            impl ::glomers_protocol::Request for #name {
                type Response = #response;
            }
        }
    });
    let fields = fields.map(|fields| quote!([#(#fields),*]));
    quote! {
        impl ::glomers_protocol::Payload for #name {
            const TYPE: &'static str = #wire_type;
            ::glomers_protocol::codec!(#fields);
        }
        #request
    }
}

/// `enum Request { Topology(Topology), .. }` and `enum Response { .. }`. A file without requests gets neither.
pub(crate) fn enums(schema: &Schema<'_>) -> Vec<TokenStream> {
    let (mut requests, mut responses) = (Vec::new(), Vec::new());
    for (request, response) in schema.pairs() {
        let response = schema.messages.iter().find(|message| message.name == response).expect("pairs are checked");
        requests.push((request.name, request.wire_type));
        responses.push((response.name, response.wire_type));
    }
    if requests.is_empty() {
        return Vec::new();
    }
    let title = schema.title;
    let mut items = body_enum("Request", &format!("Any request of `{title}`."), &requests);
    items.extend(body_enum("Response", &format!("Any response of `{title}`."), &responses));
    items
}

/// An enum over payloads. It serializes as the payload it holds, and decodes by the message's `type`.
fn body_enum(name: &str, description: &str, bodies: &[(&str, &str)]) -> Vec<TokenStream> {
    let name = format_ident!("{name}");
    let description = docs(description);
    let variants: Vec<_> = bodies.iter().map(|(variant, _)| format_ident!("{variant}")).collect();
    let types: Vec<_> = bodies.iter().map(|(_, wire_type)| wire_type).collect();
    let variant_docs = bodies.iter().map(|(_, wire_type)| docs(&format!("A body of type `{wire_type}`.")));
    let definition = quote! {
        #description
        #[derive(Clone, Debug, Eq, PartialEq, ::serde::Serialize)]
        #[serde(untagged)]
        #[allow(clippy::large_enum_variant, reason = "bodies differ in size")]
        pub enum #name { #(#variant_docs #variants(#variants),)* }
    };
    let implementation = quote! {
        impl #name {
            /// Every `type` that [`Self::decode`] knows.
            pub const TYPES: &'static [&'static str] = &[#(#types),*];

            /// The `type` on the wire.
            pub const fn wire_type(&self) -> &'static str {
                match self { #(Self::#variants(_) => #types,)* }
            }

            /// Decodes the body of `message`.
            ///
            /// # Errors
            ///
            /// The body's `type` is not in [`Self::TYPES`], or its fields do not fit that type.
            pub fn decode(
                message: &::glomers_protocol::Message<'_>,
            ) -> ::std::result::Result<Self, ::glomers_protocol::DecodeError> {
                match message.wire_type() {
                    #(#types => message.payload().map(Self::#variants),)*
                    _ => ::std::result::Result::Err(message.unknown_type(Self::TYPES)),
                }
            }
        }
    };
    vec![definition, implementation]
}

/// `SCHEMA`, the text of the schema file.
pub(crate) fn schema_text(text: &str) -> TokenStream {
    let text = raw_string(text);
    quote! {
        /// The schema file of these messages, verbatim.
        pub const SCHEMA: &str = #text;
    }
}

/// A test that every wire example decodes, and encodes to itself. It is compiled only into the tests of the crate that
/// includes the code.
pub(crate) fn example_tests(schema: &Schema<'_>) -> TokenStream {
    let checks = schema.messages.iter().map(|message| {
        let name = format_ident!("{}", message.name);
        let bodies = message.examples.iter().map(|example| raw_string(&wire(example)));
        quote! {
            let bodies = [#(#bodies),*];
            ::glomers_protocol::support::assert_round_trips::<super::#name>(&bodies);
        }
    });
    quote! {
        #[cfg(test)]
        mod examples {
            #[test]
            fn decode_and_encode_to_themselves() { #(#checks)* }
        }
    }
}

/// `r#"TEXT"#` with as many `#` as needed, or a literal with escapes if no raw string can hold the text.
fn raw_string(text: &str) -> Literal {
    if text.contains('\r') {
        return Literal::string(text);
    }
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}").parse().unwrap_or_else(|_| Literal::string(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_literal_of_the_same_value() {
        let hashes = format!("\"{}", "#".repeat(300));
        for text in ["", "a\n\"b\"", "\"#\"", "a\rb", "a\r\nb", "\u{0}\\", &hashes] {
            let literal: syn::LitStr = syn::parse_str(&raw_string(text).to_string()).expect("a string");
            assert_eq!(literal.value(), text);
        }
    }
}
