//! The `txn-list-append` node: `txn-list-append --help` describes it and shows how to test it.

fn main() -> std::io::Result<()> {
    glomers::run_durable::<glomers_handlers::ReplicatedLists>(env!("CARGO_BIN_NAME"))
}
