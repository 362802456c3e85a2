//! The `lin-kv` node: `lin-kv --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::ReplicatedMap>(env!("CARGO_BIN_NAME"))
}
