//! Structs that look like mistakes and are none: other names on the wire, a wrapped struct, and blocks of other types.
#![deny(warnings)]

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

/// Its field has another name on the wire.
#[derive(Serialize, Deserialize)]
struct Renamed {
    #[serde(rename = "kind")]
    r#type: String,
}

/// The object is that of the struct in it.
#[derive(Serialize, Deserialize)]
struct Wrapped(Renamed);

/// Not a message.
struct Pair(u64, u64);

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn renamed(&self, message: Renamed) {
        drop(message.r#type);
    }

    #[message]
    fn wrapped(&self, message: Wrapped) {
        let Pair(one, two) = Pair(1, 2);
        drop((message.0, one, two));
    }
}

/// A node of the same name elsewhere.
mod other {
    use super::*;

    #[derive(Default)]
    pub(super) struct Parrot;

    #[handler(echo)]
    impl Parrot {
        fn echo(&self, request: Echo) -> EchoOk {
            EchoOk { echo: request.echo }
        }
    }
}

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<Parrot>()?;
    glomers_protocol::run::<other::Parrot>()
}
