//! The `broadcast` node: `broadcast --help` says what it is, and how to test it.

use glomers::BroadcastArguments;
use glomers_handlers::Hub;

fn main() -> std::io::Result<()> {
    let arguments = glomers::arguments::<BroadcastArguments, Hub>(env!("CARGO_BIN_NAME"));
    let budget = arguments.budget();
    glomers_protocol::run_with(move |cx| Hub::with_budget(cx, budget))
}
