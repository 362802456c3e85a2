//! An `#[init]` function that does not make the node, and one whose error is not one.

use glomers_protocol::{
    Context,
    echo::{Echo, EchoOk},
    handler,
};

struct Parrot;

#[handler(echo)]
impl Parrot {
    #[init]
    fn new(_: &Context) -> Option<Self> {
        Some(Parrot)
    }

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

struct Quiet;

#[handler(echo)]
impl Quiet {
    #[init]
    fn new(_: &Context) -> Result<Self, String> {
        Err("no".to_owned())
    }

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
