//! The `lin-kv` node: `lin-kv --help` says what it is, and how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::ReplicatedMap>(env!("CARGO_BIN_NAME"))
}
