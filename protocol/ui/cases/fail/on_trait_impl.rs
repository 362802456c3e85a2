//! The attribute stands on the implementation of a trait.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

trait Talk {
    fn echo(&self, request: Echo) -> EchoOk;
}

struct Parrot;

#[handler(echo)]
impl Talk for Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
