//! A type inside the block.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    type Text = String;

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
