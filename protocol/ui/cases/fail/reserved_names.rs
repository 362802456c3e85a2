//! Messages between nodes with the names of other messages; all are reported at once.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Start {}

#[derive(Serialize, Deserialize)]
struct Broken {}

#[derive(Serialize, Deserialize)]
struct Again {}

#[derive(Serialize, Deserialize)]
struct AgainOk {}

#[derive(Serialize, Deserialize)]
struct Done {}

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn init(&self, _: Start) {}

    #[message]
    fn error(&self, _: Broken) {}

    #[message]
    fn echo_ok(&self, _: Done) {}

    #[rpc]
    fn init_ok(&self, _: Again) -> AgainOk {
        AgainOk {}
    }
}

fn main() {}
