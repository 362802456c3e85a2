//! A node with one mistake is run: the mistake is the only error.

use glomers_protocol::{
    Context,
    echo::{Echo, EchoOk},
    handler, run,
};

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    fn echo(&self, cx: Context, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() -> std::io::Result<()> {
    run::<Parrot>()
}
