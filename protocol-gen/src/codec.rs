//! The types that need serde only for errors and other forms of JSON: those of which `glomers-protocol` has a reader and a
//! writer of its own.

use quote::ToTokens;
use syn::{Field, GenericArgument, Ident, Item, PathArguments, Type, ext::IdentExt};

/// The types of single values and of many.
const TYPES: [&str; 7] = ["Json", "NodeId", "i64", "bool", "String", "Vec", "BTreeMap"];

/// The fields of a body, if each of them has a codec. `tuples` are the tagged tuples that have one.
pub(crate) fn fields<'a>(body: &'a Item, tuples: &[&str]) -> Option<Vec<&'a Ident>> {
    let Item::Struct(body) = body else { return None };
    let field = |field: &'a Field| {
        let name = field.ident.as_ref().filter(|name| name.unraw() == **name)?;
        (is_required(field) && has_codec(&field.ty, tuples)).then_some(name)
    };
    body.fields.iter().map(field).collect()
}

/// Tells whether a field is always there, and under its own name.
fn is_required(field: &Field) -> bool {
    let mut serde = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde"));
    // Such a map is only read in another way.
    serde.all(|attribute| attribute.to_token_stream().to_string().contains("::glomers_protocol::support::map"))
}

/// Tells whether a type has a codec.
pub(crate) fn has_codec(of: &Type, tuples: &[&str]) -> bool {
    let Type::Path(path) = of else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let is_known = TYPES.iter().chain(tuples).any(|known| last.ident == known);
    is_known
        && match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().all(|argument| match argument {
                GenericArgument::Type(of) => has_codec(of, tuples),
                _ => false,
            }),
            _ => true,
        }
}
