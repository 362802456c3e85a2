//! The `broadcast` node: `broadcast --help` describes it and shows how to test it.

use glomers::broadcast::BroadcastArguments;
use glomers_handlers::StarBroadcast;

fn main() -> std::io::Result<()> {
    let arguments = glomers::arguments::<BroadcastArguments, StarBroadcast>(env!("CARGO_BIN_NAME"));
    glomers_protocol::run_in(arguments.data(), move |cx| arguments.node(cx))
}
