//! The `kafka-lin-kv` node: `kafka-lin-kv --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::ClaimedOffsets>(env!("CARGO_BIN_NAME"))
}
