//! Structs of settings. They grow, so users make them from their defaults and setters, and every field has one.

/// Declares a struct whose fields each have a setter of the same name.
macro_rules! with_setters {
    ($(#[$about:meta])* pub struct $type:ident { $($(#[$doc:meta])* $name:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $type {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl $type {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, $name: $kind) -> Self {
                    self.$name = $name;
                    self
                }
            )*
        }
    };
}

pub(crate) use with_setters;
