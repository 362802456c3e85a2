//! The types that need serde only for errors and other forms of JSON: those of which `glomers-protocol` has a reader and a
//! writer of its own.

use syn::{
    Attribute, Expr, Field, GenericArgument, Ident, Item, Lit, MetaNameValue, PathArguments, Type, ext::IdentExt,
};

/// The types of single values and of many, with their paths: a schema may define a `String` of its own.
const TYPES: [&str; 7] = [
    "::glomers_protocol::Json",
    "::glomers_protocol::NodeId",
    "i64",
    "bool",
    "::std::string::String",
    "::std::vec::Vec",
    "::std::collections::BTreeMap",
];

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
    field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")).all(is_of_map)
}

/// The function with which serde reads a map.
pub(crate) const READ_MAP: &str = "::glomers_protocol::support::map";

/// Tells whether an attribute only has a map read by another function.
fn is_of_map(attribute: &Attribute) -> bool {
    let Ok(MetaNameValue { path, value: Expr::Lit(value), .. }) = attribute.parse_args() else { return false };
    path.is_ident("deserialize_with") && matches!(value.lit, Lit::Str(name) if name.value() == READ_MAP)
}

/// Tells whether a type has a codec.
pub(crate) fn has_codec(of: &Type, tuples: &[&str]) -> bool {
    let Type::Path(path) = of else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let mut name = if path.path.leading_colon.is_some() { "::".to_owned() } else { String::new() };
    name += &path.path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().join("::");
    let is_known = TYPES.iter().chain(tuples).any(|known| name == *known);
    is_known
        && match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments.args.iter().all(|argument| match argument {
                GenericArgument::Type(of) => has_codec(of, tuples),
                _ => false,
            }),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_type_of_the_schema_is_not_taken_for_one_of_the_standard_library() {
        let has = |of: Type| has_codec(&of, &["MicroOp"]);
        assert!(has(parse_quote!(::std::vec::Vec<::std::string::String>)));
        assert!(has(parse_quote!(::std::vec::Vec<MicroOp>)) && has(parse_quote!(i64)));
        assert!(!has(parse_quote!(String)) && !has(parse_quote!(::std::vec::Vec<Vec>)) && !has(parse_quote!(Other)));
    }
}
