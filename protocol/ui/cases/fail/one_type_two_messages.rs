//! One type for two messages, and the type of a request as a message between nodes.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rumour {}

#[derive(Default)]
struct Twice;

#[handler(echo)]
impl Twice {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn rumour(&self, _: Rumour) {}

    #[message]
    fn gossip(&self, _: Rumour) {}
}

fn main() {}
