//! A period, and an initial value, of the wrong type.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};

struct Parrot;

#[handler(echo)]
impl Parrot {
    #[init]
    fn new() -> u8 {
        0
    }

    #[every(millis = 0.5)]
    fn tick(&self) {}

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
