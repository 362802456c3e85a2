//! Functions return something that nobody awaits.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rumour {}

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn rumour(&self, _: Rumour) -> bool {
        true
    }

    #[every(secs = 1)]
    async fn tick(&self) -> Result<u64, std::fmt::Error> {
        Ok(1)
    }
}

fn main() {}
