//! The `#[handler]` attribute. Use it through `glomers_protocol::handler`, where its manual stands.
//!
//! # Layout
//!
//! - `arguments`: the workload that the attribute names.
//! - `parse`: an attributed `impl` block as a list of handler functions, and every mistake in it.
//! - `expand`: the implementations that wire those functions into a node.
//!
//! The user's own code is always given back, so that rustc's errors about it appear beside ours and nothing fails only
//! because something else did.

mod arguments;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

#[expect(missing_docs, reason = "the manual stands on the re-export, where its examples compile")]
#[proc_macro_attribute]
pub fn handler(workload: proc_macro::TokenStream, block: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand_handler(workload.into(), block.into()).into()
}

fn expand_handler(workload: TokenStream, block: TokenStream) -> TokenStream {
    let mut block = match parse::item(block.clone()) {
        Ok(block) => block,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #block);
        }
    };
    let (handlers, errors) = parse::block(workload, &mut block);
    let errors = errors.iter().map(syn::Error::to_compile_error);
    let wiring = handlers.map(|handlers| expand::wiring(&block, &handlers));
    quote!(#block #wiring #(#errors)*)
}
