//! Echo: the response repeats the request's value.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

/// Sends back the value that it receives, byte for byte.
#[derive(Debug, Default)]
pub struct Parrot;

#[handler(echo, schema)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}
