//! Nodes with type parameters need no bounds but those of their own code.
#![deny(warnings)]

use glomers_protocol::{
    Context,
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Holder<T>(T);

#[handler(echo)]
impl<T> Holder<T> {
    fn echo(&self, request: Echo) -> EchoOk {
        let _: &T = &self.0;
        EchoOk { echo: request.echo }
    }
}

struct Filled<const N: usize>([u8; N]);

#[handler(echo)]
impl<const N: usize> Filled<N> {
    #[init]
    fn new(_: &Context) -> Self {
        Self([0; N])
    }

    fn echo(&self, request: Echo) -> EchoOk {
        let _: &[u8; N] = &self.0;
        EchoOk { echo: request.echo }
    }
}

fn main() -> std::io::Result<()> {
    glomers_protocol::run::<Holder<String>>()?;
    glomers_protocol::run::<Filled<7>>()
}
