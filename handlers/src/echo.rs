//! Echo: the answer is the question.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

/// Sends back what it is sent, byte for byte.
#[derive(Default)]
pub struct Parrot;

#[handler(echo, schema)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}
