//! The attribute's arguments: the workload, by name or by path, and the word `schema`. The message about an unknown
//! name lists all workloads, which the build script reads from `schema/workloads`.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Ident, Path, Token,
    parse::{ParseStream, Parser},
};

const WORKLOADS: &str = env!("WORKLOADS");

/// Reads the workload and the word `schema`. A single name is a module of `glomers_protocol`; a path stays as it is.
pub(crate) fn read(arguments: TokenStream) -> Result<(Path, Option<Ident>), Error> {
    let read = |input: ParseStream<'_>| {
        let path: Path = input.parse()?;
        let word = input.parse::<Option<Token![,]>>()?.map(|_| input.parse::<Ident>()).transpose()?;
        Ok((path, word))
    };
    if arguments.is_empty() {
        return Err(Error::new(Span::call_site(), format!("name the workload that this node serves: {}", choice())));
    }
    let (path, word) = read.parse2(arguments.clone()).map_err(|_| misnamed(&arguments))?;
    if let Some(word) = word.as_ref().filter(|word| *word != "schema") {
        let text = "a node serves one workload: only the word `schema` may follow it";
        return Err(Error::new_spanned(word, text));
    }
    match path.get_ident() {
        Some(name) if workloads().any(|known| name == known) => {
            Ok((syn::parse_quote!(::glomers_protocol::#name), word))
        }
        Some(_) => Err(misnamed(&arguments)),
        None => Ok((path, word)),
    }
}

/// The error for an unknown workload, with the right spelling if only that is wrong.
fn misnamed(arguments: &TokenStream) -> Error {
    let name = arguments.to_string().replace([' ', '"'], "").replace('-', "_").to_lowercase();
    let text = match workloads().find(|known| name == *known) {
        Some(known) => format!("write the workload as a module name: #[handler({known})]"),
        None => format!("unknown workload: {}", choice()),
    };
    Error::new_spanned(arguments, text)
}

/// The advice that lists all workloads.
fn choice() -> String {
    format!("write #[handler(NAME)] with one of {WORKLOADS}, or the path of your own, as in #[handler(crate::chat)]")
}

fn workloads() -> impl Iterator<Item = &'static str> {
    WORKLOADS.split(", ")
}
