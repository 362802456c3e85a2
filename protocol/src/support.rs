//! The names that generated code and the macro use. Not part of the public interface.
//!
//! Generated code only pairs, matches, encodes and decodes; all logic is in the modules below, in one copy.

#[cfg(feature = "schema")]
pub use crate::described::{Document, SchemaValue};
pub use crate::{
    handler::{ByDefault, IntoFailure, by_default},
    map::map,
    message::{Encoded, decode, decode_plain, encode, present},
    plain_form::{Members, Object, Plain, Reader, item},
    reply::{IntoError, Unawaited, unawaited},
    round_trips::assert_round_trips,
    serve::{answer, receive, refuse},
    tagged_tuple::{Items, TaggedTuple, tagged_tuple},
    ticker::every,
};

/// Keeps the items that the word `schema` in an attribute adds; a compile error without the feature of that name.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! if_described {
    ($($items:tt)*) => { $($items)* };
}

/// Keeps the items that the word `schema` in an attribute adds; a compile error without the feature of that name.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! if_described {
    ($($items:tt)*) => {
        ::std::compile_error!("`schema` in #[handler] needs the feature `schema` of glomers-protocol");
    };
}

/// The functions that [`Payload`](crate::Payload) has by default. In an implementation they are compiled there, once; a
/// default is compiled again in each crate that calls it. If all fields are of types with a codec of their own, they are named.
#[doc(hidden)]
#[macro_export]
macro_rules! codec {
    ([$($field:ident),*]) => {
        fn decode(message: &$crate::Message<'_>) -> ::std::result::Result<Self, $crate::DecodeError> {
            $crate::support::decode_plain(message, |_fields| {
                ::std::option::Option::Some(Self { $($field: _fields.take(::std::stringify!($field))?),* })
            })
        }

        fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> $crate::support::Encoded {
            #[allow(unused_mut, reason = "there may be no field")]
            let mut object = $crate::support::Object::begin(out);
            $(object.field(::std::concat!("\"", ::std::stringify!($field), "\":"), &self.$field);)*
            object.end();
            ::std::result::Result::Ok(())
        }
    };
    () => {
        fn decode(message: &$crate::Message<'_>) -> ::std::result::Result<Self, $crate::DecodeError> {
            $crate::support::decode(message)
        }

        fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> $crate::support::Encoded {
            $crate::support::encode(self, out)
        }
    };
}
