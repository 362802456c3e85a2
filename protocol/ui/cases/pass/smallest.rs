//! The smallest node: one sync function, `Default`.
#![deny(warnings)]

use glomers_protocol::{echo, handler};

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: echo::Echo) -> echo::EchoOk {
        echo::EchoOk { echo: request.echo }
    }
}

fn main() {
    let _ = glomers_protocol::run::<Parrot>;
}
