//! The code for a service besides its messages: the node ids at which it answers.

use crate::{cursor::Cursor, error::Error, names, schema::Schema};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// A constant per address, and `ADDRESSES`, if the schema has addresses.
pub(crate) fn addresses(schema: &Schema<'_>) -> Result<Option<TokenStream>, Error> {
    if schema.addresses.is_empty() {
        return Ok(None);
    }
    let ids = schema.addresses.iter().map(Cursor::text).collect::<Result<Vec<_>, _>>()?;
    let constants = schema.addresses.iter().zip(&ids).map(|(at, id)| names::constant_name(at, id));
    let constants = constants.collect::<Result<Vec<_>, _>>()?;
    let taken = [format_ident!("ADDRESSES"), format_ident!("SCHEMA")];
    let taken = taken.iter().map(|name| (name, &schema.root));
    names::distinct(taken.chain(constants.iter().zip(&schema.addresses)))?;
    let docs = ids.iter().map(|id| format!(" The id of the service `{id}`."));
    Ok(Some(quote! {
        #(
            #[doc = #docs]
            pub const #constants: &str = #ids;
        )*

        /// The node ids at which Maelstrom runs this service.
        pub const ADDRESSES: &[&str] = &[#(#constants),*];
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Each list beside the error about its last address.
    #[test]
    fn addresses_become_distinct_constants() {
        let rows = [(json!(["sun-dial", "sun_dial"]), "/1: "), (json!(["schema"]), "/0: "), (json!(["7"]), "/0: ")];
        for (list, place) in rows {
            let document =
                json!({"title": "clock", "description": "", "oneOf": [], "definitions": {}, "x-addresses": list});
            let error = Schema::read("clock.json", &document).and_then(|schema| addresses(&schema)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("clock.json#/x-addresses{place}")), "{error}");
        }
    }
}
