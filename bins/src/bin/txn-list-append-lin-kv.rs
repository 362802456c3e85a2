//! The `txn-list-append-lin-kv` node: `txn-list-append-lin-kv --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run::<glomers_handlers::via_services::SwappedRoot>(env!("CARGO_BIN_NAME"))
}
