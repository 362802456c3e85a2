//! Rust names for the names in a schema. A name that cannot be a Rust name is refused here, with file and pointer,
//! rather than by rustc in the generated code.

use crate::{cursor::Cursor, error::Error};
use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use syn::Ident;

/// Definitions that stand for a type of `glomers-protocol` in every schema file.
pub(crate) const PROTOCOL_TYPES: [&str; 2] = ["Json", "NodeId"];

/// Items that every generated module may have. A definition cannot have their names.
pub(crate) const GENERATED_ITEMS: [&str; 3] = ["Request", "Response", "Workload"];

/// The type of a definition. A generated module may already have an item of that name.
pub(crate) fn definition_name(at: &Cursor<'_>, name: &str) -> Result<Ident, Error> {
    if GENERATED_ITEMS.contains(&name) {
        return Err(at.fail(format!("`{name}` is the name of a generated item; give the definition another name")));
    }
    type_name(at, name)
}

/// A type or variant, whose name in the schema must be a Rust name.
pub(crate) fn type_name(at: &Cursor<'_>, text: &str) -> Result<Ident, Error> {
    let name = text.to_upper_camel_case();
    if name != text {
        return Err(at.fail(format!("`{text}` becomes the name of a type; write it `{name}`")));
    }
    syn::parse_str(text).map_err(|_| not_a_name(at, text))
}

/// A variant for a name on the wire: `KeyDoesNotExist` for `key-does-not-exist`.
pub(crate) fn variant_name(at: &Cursor<'_>, text: &str) -> Result<Ident, Error> {
    syn::parse_str(&text.to_upper_camel_case()).map_err(|_| not_a_name(at, text))
}

/// A field. A keyword gets an underscore at the end, as typify writes it.
pub(crate) fn field_name(at: &Cursor<'_>, text: &str) -> Result<Ident, Error> {
    let name = text.to_snake_case();
    syn::parse_str(&name).or_else(|_| syn::parse_str(&format!("{name}_"))).map_err(|_| not_a_name(at, text))
}

/// A constant: `LIN_KV` for `lin-kv`.
pub(crate) fn constant_name(at: &Cursor<'_>, text: &str) -> Result<Ident, Error> {
    syn::parse_str(&text.to_shouty_snake_case()).map_err(|_| not_a_name(at, text))
}

/// A method or module. A keyword becomes a raw identifier.
pub(crate) fn item_name(at: &Cursor<'_>, text: &str) -> Result<Ident, Error> {
    let name = text.to_snake_case();
    let raw = || match name.as_str() {
        "self" | "super" | "crate" | "_" => None,
        keyword => {
            syn::parse_str::<Ident>(&format!("{keyword}_")).ok().map(|_| Ident::new_raw(keyword, Span::call_site()))
        }
    };
    syn::parse_str(&name).ok().or_else(raw).ok_or_else(|| not_a_name(at, text))
}

fn not_a_name(at: &Cursor<'_>, text: &str) -> Error {
    at.fail(format!(
        "`{text}` cannot become a Rust name: it must begin with a letter and must not be `self`, `super` or `crate`"
    ))
}

/// Refuses the second of two equal names.
pub(crate) fn distinct<'a, 'b: 'a>(names: impl IntoIterator<Item = (&'a Ident, &'a Cursor<'b>)>) -> Result<(), Error> {
    let mut seen = Vec::new();
    for (name, at) in names {
        if seen.contains(&name) {
            return Err(at.fail(format!("a second `{name}`: two names in the schema become the same name in Rust")));
        }
        seen.push(name);
    }
    Ok(())
}
