//! A function has a name that the workload does not know.

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

    fn ehco(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
