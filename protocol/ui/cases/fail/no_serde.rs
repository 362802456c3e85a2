//! A message between nodes that has no form on the wire. The types that rustc lists depend on features, hence here.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

struct Rumour {}

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn rumour(&self, _: Rumour) {}
}

fn main() {}
