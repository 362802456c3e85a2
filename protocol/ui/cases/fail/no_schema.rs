//! The node is to say what it speaks, but a message between nodes has no schema.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rumour {}

#[derive(Default)]
struct Parrot;

#[handler(echo, schema)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn rumour(&self, _: Rumour) {}
}

fn main() {}
