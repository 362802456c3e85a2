//! A task that borrows the node and the context: it may outlive the call.

use glomers_protocol::{
    Context,
    echo::{Echo, EchoOk},
    handler,
};
use std::{cell::Cell, time::Duration};

#[derive(Default)]
struct Parrot {
    echoes: Cell<u64>,
}

#[handler(echo)]
impl Parrot {
    fn echo(&self, cx: &Context, request: Echo) -> EchoOk {
        cx.spawn(async {
            cx.sleep(Duration::from_secs(1)).await;
            self.echoes.set(0);
        });
        EchoOk { echo: request.echo }
    }
}

fn main() {}
