//! A workload of the user's own, named by a path: what the schema compiler made of `pair.json`.
#![deny(warnings)]

use glomers_protocol::handler;

#[allow(dead_code, reason = "a node needs neither the enums nor the name")]
mod pair {
    include!("../../../../protocol-gen/tests/golden/pair.rs");
}

#[derive(Default)]
struct Store;

#[handler(self::pair)]
impl Store {
    fn put(&self, request: pair::Put) -> pair::PutOk {
        pair::PutOk { length: request.text.len() as i64 }
    }
}

fn main() {
    let _ = glomers_protocol::run::<Store>;
}
