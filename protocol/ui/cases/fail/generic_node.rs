//! A node with a type parameter: a message that depends on it, and a use with a type that has no default.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler, run,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Rumour<T> {
    value: T,
}

#[derive(Default)]
struct Gossip<T>(T);

#[handler(echo)]
impl<T> Gossip<T> {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn rumour(&self, _: Rumour<T>) {}
}

struct NoDefault;

#[derive(Default)]
struct Holder<T>(T);

#[handler(echo)]
impl<T> Holder<T> {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {
    run::<Holder<NoDefault>>().unwrap();
}
