//! A message between nodes without `#[message]`, and a request of another workload.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    g_set, handler,
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

    fn rumour(&self, _: Rumour) {}

    fn add(&self, _: g_set::Add) -> g_set::AddOk {
        g_set::AddOk {}
    }
}

fn main() {}
