//! Two functions serve one request.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
