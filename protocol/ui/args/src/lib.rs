//! The arguments of the compiler that compiles a crate. A macro runs inside that compiler, so it can read them; nothing
//! else tells a test which of the libraries in the target folder it was linked with.

use proc_macro::{Literal, TokenStream, TokenTree};

/// Expands to the compiler's path and arguments, one per line, as a string literal.
#[proc_macro]
pub fn rustc_args(_: TokenStream) -> TokenStream {
    let args: Vec<String> = std::env::args().collect();
    TokenTree::from(Literal::string(&args.join("\n"))).into()
}
