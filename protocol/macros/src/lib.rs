//! The `#[handler]` attribute. Use it as `glomers_protocol::handler`, which has its manual.
//!
//! # Layout
//!
//! - `arguments`: the workload that the attribute names.
//! - `parse`: the attributed `impl` block as a list of handler functions, and all mistakes in it.
//! - `surroundings`: the source around the block, for mistakes that it does not show.
//! - `expand`: the trait implementations that connect those functions to a node.
//!
//! The user's own code is always part of the output, so that rustc's errors about it appear beside the macro's. After a
//! mistake a stub stands in for the implementations, so that one mistake does not cause errors about other code.

mod arguments;
mod expand;
mod parse;
mod surroundings;

use crate::surroundings::{Surroundings, Turn};
use proc_macro2::TokenStream;
use quote::quote;

#[expect(missing_docs, reason = "the manual is on the re-export, where its examples compile")]
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
    let surroundings = Surroundings::of(&block);
    let turn = surroundings.as_ref().map_or(Turn::Only, |surroundings| surroundings.turn(&block));
    let (handlers, errors) = parse::block(workload, &mut block, surroundings.as_ref());
    let errors = errors.iter().map(syn::Error::to_compile_error);
    match (turn, handlers) {
        (Turn::Only, Some(handlers)) => {
            let wiring = expand::wiring(&block, &handlers);
            quote!(#block #wiring)
        }
        (Turn::Only | Turn::First, _) => {
            let stub = expand::stub(&block);
            quote!(#block #stub #(#errors)*)
        }
        (Turn::Later, _) => {
            let error = parse::second_block(&block).to_compile_error();
            quote!(#block #error)
        }
    }
}
