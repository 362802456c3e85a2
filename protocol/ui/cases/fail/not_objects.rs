//! Messages between nodes that cannot be JSON objects, or whose fields every message has; all are reported at once.

use glomers_protocol::{
    echo::{Echo, EchoOk},
    handler,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Pair(u64, u64);

#[derive(Serialize, Deserialize)]
struct List(Vec<u64>);

#[derive(Serialize, Deserialize)]
struct Unit;

#[derive(Serialize, Deserialize)]
struct Typed {
    r#type: String,
}

#[derive(Serialize, Deserialize)]
struct Numbered {
    msg_id: u64,
}

#[derive(Serialize, Deserialize)]
struct Ask {}

#[derive(Serialize, Deserialize)]
struct Answered {
    #[serde(rename = "in_reply_to")]
    answers: u64,
}

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }

    #[message]
    fn pair(&self, _: Pair) {}

    #[message]
    fn list(&self, _: List) {}

    #[message]
    fn unit(&self, _: Unit) {}

    #[message]
    fn typed(&self, _: Typed) {}

    #[message]
    fn numbered(&self, _: Numbered) {}

    #[rpc]
    fn ask(&self, _: Ask) -> Answered {
        Answered { answers: 7 }
    }
}

fn main() {}
