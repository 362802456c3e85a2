//! What a node implements to serve a workload: a trait with one method a request, and the `match` that picks the
//! method. A request without a method is a compile error (E0046), so a schema that gains a message breaks the build
//! exactly where work is needed.

use crate::{docs::docs, schema::Schema};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

/// `NAME`, `trait Workload` and `fn dispatch`.
pub(crate) fn items(schema: &Schema<'_>) -> Vec<TokenStream> {
    let title = schema.title;
    let pairs: Vec<_> = schema.pairs().collect();
    let methods: Vec<Ident> = pairs.iter().map(|(request, _)| method(request.wire_type)).collect();
    let requests: Vec<_> = pairs.iter().map(|(request, _)| format_ident!("{}", request.name)).collect();
    let responses: Vec<_> = pairs.iter().map(|(_, response)| format_ident!("{response}")).collect();
    let types = pairs.iter().map(|(request, _)| request.wire_type);
    let method_docs = pairs.iter().map(|(request, response)| {
        let summary = request.description.lines().next().unwrap_or_default();
        docs(&format!("{summary}\n\nAnswers [`{}`] with [`{response}`].", request.name))
    });
    let trait_docs = docs(&format!(
        "A node that serves the `{title}` workload: one method a request. `#[handler]` implements it from plain functions."
    ));
    vec![
        quote! {
            /// The workload's name, as in `maelstrom test -w NAME`.
            pub const NAME: &str = #title;
        },
        quote! {
            #trait_docs
            pub trait Workload: Sized + 'static {
                #(
                    #method_docs
                    fn #methods(
                        self: &::std::rc::Rc<Self>,
                        cx: &::glomers_protocol::Context,
                        from: &::glomers_protocol::NodeId,
                        request: #requests,
                    ) -> ::glomers_protocol::Reply<#responses>;
                )*
            }
        },
        quote! {
            /// Hands a message to the method that serves its `type` and answers with what the method returns.
            ///
            /// # Errors
            ///
            /// The message cannot be served and, having no `msg_id`, cannot be answered with an error either.
            pub fn dispatch<W: Workload>(
                workload: &::std::rc::Rc<W>,
                cx: &::glomers_protocol::Context,
                message: &::glomers_protocol::Message<'_>,
            ) -> ::std::result::Result<(), ::glomers_protocol::Rejected> {
                match message.wire_type() {
                    #(
                        #types => ::glomers_protocol::support::answer(cx, message, |from, request| {
                            workload.#methods(cx, from, request)
                        }),
                    )*
                    _ => ::glomers_protocol::support::refuse(cx, message, Request::TYPES),
                }
            }
        },
    ]
}

/// A wire type as a method's name; a keyword becomes a raw identifier.
fn method(wire_type: &str) -> Ident {
    let name = wire_type.replace('-', "_");
    syn::parse_str(&name).unwrap_or_else(|_| Ident::new_raw(&name, proc_macro2::Span::call_site()))
}
