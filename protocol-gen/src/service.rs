//! What is generated for a service: the node ids at which it answers.

use crate::schema::Schema;
use proc_macro2::TokenStream;
use quote::quote;

/// `ADDRESSES`, if the schema names any.
pub(crate) fn addresses(schema: &Schema<'_>) -> Option<TokenStream> {
    let addresses = &schema.addresses;
    (!addresses.is_empty()).then(|| {
        quote! {
            /// The node ids at which Maelstrom offers this service.
            pub const ADDRESSES: &[&str] = &[#(#addresses),*];
        }
    })
}
