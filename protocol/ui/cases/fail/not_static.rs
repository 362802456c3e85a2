//! A node that borrows.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Parrot<'a> {
    name: &'a str,
}

#[handler(echo)]
impl<'a> Parrot<'a> {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
