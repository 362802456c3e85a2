//! The attribute's arguments: the workload, by name or by path, and the word `schema`. The message about an unknown
//! name lists all workloads, which the build script reads from `schema/workloads` with the names of their requests.

use proc_macro2::{Span, TokenStream};
use syn::{
    Error, Ident, Path, Token,
    parse::{ParseStream, Parser},
};

/// `echo:echo g_set:add,read ..`
const WORKLOADS: &str = env!("WORKLOADS");

/// The arguments of the attribute.
pub(crate) struct Arguments {
    /// The module of the workload's generated types.
    pub(crate) workload: Path,
    /// The word `schema`.
    pub(crate) schema: Option<Ident>,
    /// The requests of the workload, if it is not one of the user's own.
    pub(crate) known: Option<Known>,
}

/// A workload of `glomers_protocol`.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    requests: &'static str,
}

impl Known {
    /// Tells if it has a request of this name.
    pub(crate) fn has(self, request: &str) -> bool {
        self.requests().any(|known| known == request)
    }

    /// The names of its requests.
    pub(crate) fn requests(self) -> impl Iterator<Item = &'static str> {
        self.requests.split(',')
    }
}

/// Reads the workload and the word `schema`. A single name is a module of `glomers_protocol`; a path stays as it is.
pub(crate) fn read(arguments: TokenStream) -> Result<Arguments, Error> {
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
    let Some(name) = path.get_ident() else { return Ok(Arguments { workload: path, schema: word, known: None }) };
    let known = workloads().find(|known| name == known.name).ok_or_else(|| misnamed(&arguments))?;
    Ok(Arguments { workload: syn::parse_quote!(::glomers_protocol::#name), schema: word, known: Some(known) })
}

/// The error for an unknown workload, with the right spelling if only that is wrong.
fn misnamed(arguments: &TokenStream) -> Error {
    let name = arguments.to_string().replace([' ', '"'], "").replace('-', "_").to_lowercase();
    let text = match workloads().find(|known| name == known.name) {
        Some(Known { name: known, .. }) => format!("write the workload as a module name: #[handler({known})]"),
        None => format!("unknown workload: {}", choice()),
    };
    Error::new_spanned(arguments, text)
}

/// The advice that lists all workloads.
fn choice() -> String {
    let names = workloads().map(|known| known.name).collect::<Vec<_>>().join(", ");
    format!("write #[handler(NAME)] with one of {names}, or the path of your own, as in #[handler(crate::chat)]")
}

fn workloads() -> impl Iterator<Item = Known> {
    WORKLOADS
        .split(' ')
        .filter_map(|workload| workload.split_once(':'))
        .map(|(name, requests)| Known { name, requests })
}
