//! Attributes that are incomplete, doubled or at the wrong function; all are reported at once.

use glomers_protocol::{
    Context, NodeId,
    echo::{Echo, EchoOk},
    handler,
};

#[derive(Default)]
struct Parrot;

#[handler(echo)]
impl Parrot {
    #[init]
    fn new(_cx: &Context) -> Self {
        Self
    }

    #[init]
    fn another() -> Self {
        Self
    }

    #[every]
    fn without_period(&self) {}

    #[every(50)]
    fn without_unit(&self) {}

    #[every(hours = 1)]
    fn with_another_unit(&self) {}

    #[every(millis = 0)]
    fn without_pause(&self) {}

    #[every(millis = 50)]
    fn with_a_sender(&self, _from: &NodeId) {}

    #[every(millis = 50)]
    fn with_a_message(&self, _echo: Echo) {}

    #[rpc]
    fn without_answer(&self, _echo: Echo) {}

    #[rpc]
    #[message]
    fn both(&self, _echo: Echo) -> EchoOk {
        EchoOk { echo: _echo.echo }
    }

    fn echo(&self, request: Echo) -> EchoOk {
        EchoOk { echo: request.echo }
    }
}

fn main() {}
