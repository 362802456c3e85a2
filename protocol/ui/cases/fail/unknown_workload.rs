//! There is no workload of this name.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Parrot;

#[handler(ehco)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
