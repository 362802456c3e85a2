//! Nothing says how to make the node: it has neither `Default` nor an `#[init]` function.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
