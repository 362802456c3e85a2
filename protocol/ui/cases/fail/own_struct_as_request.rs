//! A request of the workload is taken as a type of one's own.

use glomers_protocol::{echo::EchoOk, handler};

struct Mine;

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, _request: Mine) -> EchoOk {
        unreachable!()
    }
}

fn main() {}
