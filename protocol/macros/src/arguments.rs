//! What stands in the attribute's parentheses: the workload, by name or by path. Whoever names none of ours is told which
//! there are; the build script has looked into `schema/workloads`.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Ident, Path, Token,
    parse::{ParseStream, Parser},
};

const WORKLOADS: &str = env!("WORKLOADS");

/// A single name is one of the modules of `glomers_protocol`; a path is taken as it stands. Behind it may stand `schema`.
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
        let text = "a node serves one workload; behind it may stand `schema` and nothing else";
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

/// The error for a workload that there is not; if only its spelling is wrong, with the right one.
fn misnamed(arguments: &TokenStream) -> Error {
    let name = arguments.to_string().replace([' ', '"'], "").replace('-', "_").to_lowercase();
    let text = match workloads().find(|known| name == *known) {
        Some(known) => format!("write the workload's name as that of a module: #[handler({known})]"),
        None => format!("there is no such workload: {}", choice()),
    };
    Error::new_spanned(arguments, text)
}

/// What the attribute may name.
fn choice() -> String {
    format!("write #[handler(NAME)] with one of {WORKLOADS}, or the path of your own, as in #[handler(crate::chat)]")
}

fn workloads() -> impl Iterator<Item = &'static str> {
    WORKLOADS.split(", ")
}
