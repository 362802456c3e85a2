//! A message is sent that no function takes.

use glomers_protocol::{
    Context,
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
    fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        cx.send("n2", &Rumour {});
        EchoOk { echo: request.echo }
    }
}

fn main() {}
