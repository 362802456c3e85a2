//! Words of a schema as Rust names. A word that cannot be one is the schema's fault, so it is refused here, with file
//! and pointer, and not by rustc in the generated code.

use crate::{Error, cursor::Cursor};
use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use syn::Ident;

/// A type or variant, whose name the schema writes as Rust does.
pub(crate) fn type_name(at: &Cursor<'_>, word: &str) -> Result<Ident, Error> {
    let name = word.to_upper_camel_case();
    if name != word {
        return Err(at.fail(format!("`{word}` becomes the name of a type: write it `{name}`")));
    }
    syn::parse_str(word).map_err(|_| refuse(at, word))
}

/// A variant that is named after a word on the wire: `KeyDoesNotExist` for `key-does-not-exist`.
pub(crate) fn variant_name(at: &Cursor<'_>, word: &str) -> Result<Ident, Error> {
    syn::parse_str(&word.to_upper_camel_case()).map_err(|_| refuse(at, word))
}

/// A field; a keyword gets an underscore behind it, as typify does it.
pub(crate) fn field_name(at: &Cursor<'_>, word: &str) -> Result<Ident, Error> {
    let name = word.to_snake_case();
    syn::parse_str(&name).or_else(|_| syn::parse_str(&format!("{name}_"))).map_err(|_| refuse(at, word))
}

/// A method or module; a keyword becomes a raw identifier.
pub(crate) fn item_name(at: &Cursor<'_>, word: &str) -> Result<Ident, Error> {
    let name = word.to_snake_case();
    let raw = || match name.as_str() {
        "self" | "super" | "crate" | "_" => None,
        keyword => {
            syn::parse_str::<Ident>(&format!("{keyword}_")).ok().map(|_| Ident::new_raw(keyword, Span::call_site()))
        }
    };
    syn::parse_str(&name).ok().or_else(raw).ok_or_else(|| refuse(at, word))
}

fn refuse(at: &Cursor<'_>, word: &str) -> Error {
    at.fail(format!("`{word}` cannot become a Rust name"))
}

/// Refuses the second of two equal names.
pub(crate) fn distinct<'a, 'b: 'a>(names: impl IntoIterator<Item = (&'a Ident, &'a Cursor<'b>)>) -> Result<(), Error> {
    let mut seen = Vec::new();
    for (name, at) in names {
        if seen.contains(&name) {
            return Err(at.fail(format!("a second `{name}`: two things would have the same name in Rust")));
        }
        seen.push(name);
    }
    Ok(())
}
