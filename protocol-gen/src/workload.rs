//! The interface between a workload or service and the node that serves it: a trait with one method per request, and
//! the `match` that selects the method. A request without a method is a compile error (E0046), so a new message in a
//! schema breaks the build exactly where work is needed.

use crate::{
    docs::docs,
    error::Error,
    names,
    schema::{Message, Schema},
};
use proc_macro2::TokenStream;
use quote::quote;

/// `NAME`, the name of a workload on the command line.
pub(crate) fn name(schema: &Schema<'_>) -> TokenStream {
    let title = schema.title;
    quote! {
        /// The workload's name, as in `maelstrom test -w NAME`.
        pub const NAME: &str = #title;
    }
}

/// `trait Workload` and `fn dispatch`.
pub(crate) fn items(schema: &Schema<'_>) -> Result<Vec<TokenStream>, Error> {
    let title = schema.title;
    let pairs: Vec<_> = schema.pairs().collect();
    if pairs.is_empty() {
        return Err(schema.root.fail("the file has no request to serve; give a message an `x-response`"));
    }
    let method = |(request, _): &(&Message<'_>, _)| names::item_name(&request.definition, request.wire_type);
    let methods = pairs.iter().map(method).collect::<Result<Vec<_>, _>>()?;
    names::distinct(methods.iter().zip(pairs.iter().map(|(request, _)| &request.definition)))?;
    let named = |(request, response): &(&Message<'_>, &str)| {
        let type_name = |name| names::type_name(&request.definition, name);
        Ok((type_name(request.name)?, type_name(response)?))
    };
    let named = pairs.iter().map(named).collect::<Result<Vec<_>, Error>>()?;
    let (requests, responses): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let types = pairs.iter().map(|(request, _)| request.wire_type);
    let method_docs = pairs.iter().map(|(request, response)| {
        let summary = request.description.lines().next().unwrap_or_default();
        docs(&format!("{summary}\n\nAnswers [`{}`] with [`{response}`].", request.name))
    });
    let trait_docs = docs(&format!(
        "A node that serves `{title}`, with one method per request. `#[handler]` implements it from plain functions."
    ));
    Ok(vec![
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
            /// Calls the method that serves the message's `type`, and sends its return value as the answer.
            ///
            /// # Errors
            ///
            /// The message cannot be served, and it has no `msg_id` to which an error could be sent.
            pub fn dispatch<W: Workload>(
                workload: &::std::rc::Rc<W>,
                cx: &::glomers_protocol::Context,
                message: &::glomers_protocol::Message<'_>,
            ) -> ::std::result::Result<(), ::glomers_protocol::Rejected> {
                use ::glomers_protocol::support::{answer, refuse};
                match message.wire_type() {
                    #(#types => answer(cx, message, |from, request| workload.#methods(cx, from, request)),)*
                    _ => refuse(cx, message, Request::TYPES),
                }
            }
        },
    ])
}
