//! The code for a service besides its messages: the node ids at which it answers.

use crate::schema::Schema;
use proc_macro2::TokenStream;
use quote::quote;

/// `ADDRESSES`, if the schema has addresses.
pub(crate) fn addresses(schema: &Schema<'_>) -> Option<TokenStream> {
    let addresses = &schema.addresses;
    (!addresses.is_empty()).then(|| {
        quote! {
            /// The node ids at which Maelstrom runs this service.
            pub const ADDRESSES: &[&str] = &[#(#addresses),*];
        }
    })
}
