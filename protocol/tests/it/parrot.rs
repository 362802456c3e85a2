//! A handler for tests that need a node, whatever it serves.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
pub(crate) struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}
